import type { Egress } from '@watchkeeper/guard';
import type { ConditionScope, Credential, Judgement, MonitorType, SeenFacts } from '@watchkeeper/model';
import type { TSchema } from 'typebox';

/** What a check is given. */
export interface MonitorContext {
  /** Ends the check: the time of the attempt is over, or the process stops. */
  readonly signal: AbortSignal;
  /** The one door to the outside. */
  readonly egress: Egress;
  /** Milliseconds since 1970-01-01 UTC, for what is left of a certificate. */
  wallMs(): number;
  /** A named credential of the settings; undefined when there is none. */
  credential(name: string): Credential | undefined;
  /** Told what is not stored, where somebody wants to know: a probe. */
  tell?(facts: SeenFacts): void;
  /** Applies the monitor's conditions to what was seen. */
  judge(scope: ConditionScope): Judgement;
}

/** A monitor type as this package runs it. */
export type RunnableMonitorType<Options extends TSchema = TSchema> = MonitorType<Options, MonitorContext>;

/** Says of a value that it is a monitor type, and lets its options shape the arguments of its verbs. */
export function defineMonitorType<Options extends TSchema>(
  type: RunnableMonitorType<Options>,
): RunnableMonitorType<Options> {
  return type;
}
