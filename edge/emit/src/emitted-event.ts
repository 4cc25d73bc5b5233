/** How what was observed went. */
export type EmittedOutcome = 'ok' | 'degraded' | 'failed' | 'skipped';

/** An observation, as an application tells it. Text is at most 200 characters, an attribute 1,000. */
export interface EmittedEvent {
  /** Noun and past verb: `order.placed`. */
  readonly name: string;
  /** When it happened; now when left out. */
  readonly time?: Date;
  /** `ok` when left out. */
  readonly outcome?: EmittedOutcome;
  /** An error class, 1 to 63 characters, where the outcome is not `ok`. */
  readonly reason?: string;
  /** Numbers with the unit at the end of their names: `durationMs`. What is null or not finite is "not measured". */
  readonly values?: Readonly<Record<string, number | null>>;
  /** Text that repeats; every new combination is a new series. At most 64. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Seldom: text, booleans, messages; JSON, at most 20 deep. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly environment?: string;
  readonly zone?: string;
  readonly host?: string;
  readonly guest?: string;
  readonly service?: string;
  readonly source?: string;
}

/** What every event of an emitter says unless it says something else. */
export type EventOrigin = Pick<EmittedEvent, 'environment' | 'zone' | 'host' | 'guest' | 'service' | 'source'>;
