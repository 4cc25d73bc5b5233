import type { Static, TSchema } from 'typebox';
import type { FieldProblem } from './errors.ts';
import type { PluginHead } from './plugin.ts';
import type { Reason } from './reasons.ts';
import type { Outcome } from './states.ts';

/** What one attempt of a check saw. A target that is down is an observation with a reason; nothing is thrown. */
export interface Observation {
  readonly outcome: Exclude<Outcome, 'skipped'>;
  readonly reason?: Reason;
  /** One sentence for people: `GET http://… answered 503`. */
  readonly message?: string;
  /** Numbers by name, unit at the end. A phase that did not happen is absent. */
  readonly values: Readonly<Record<string, number>>;
  /** Text that repeats from check to check: `status`, `protocol`, `address`. Becomes part of the series. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Seldom: hops of redirects, certificate facts, the message. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface Credential {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
}

/** What a scraper wants probed. */
export interface AimedTarget {
  /** An address or host:port. */
  readonly target: string;
  /** Asked for instead of the target's own name. */
  readonly hostname?: string;
}

export interface Judgement {
  readonly outcome: 'ok' | 'degraded' | 'failed';
  readonly reason?: Reason;
  readonly message?: string;
}

/**
 * A plug-in of the kind "monitor type". `Context` is what a check is given to work with; whoever only describes or
 * validates monitors leaves it out and cannot call `check`.
 */
export interface MonitorType<Options extends TSchema = TSchema, Context = never> extends PluginHead<Options> {
  /** Names of the values that every observation of this type has or leaves null, in the order they are stored. */
  readonly valueNames: readonly string[];
  /** Names a condition may use; see `conditions/`. */
  readonly conditionNames: readonly string[];
  /** Conditions used when a monitor names none. */
  readonly defaultAssertions: readonly string[];
  /** What the schema of the options cannot say; pointers begin with `/options`. */
  problems?(options: Static<Options>): readonly FieldProblem[];
  /**
   * Options of a probe's module, pointed at the target that a scraper names; undefined when it cannot be one. Types
   * without it cannot be probed.
   */
  aim?(options: Readonly<Record<string, unknown>>, target: AimedTarget): Readonly<Record<string, unknown>> | undefined;
  /** What is checked, in a few words: `GET https://shop.example/`. */
  target(options: Static<Options>): string;
  check(options: Static<Options>, context: Context): Promise<Observation>;
}
