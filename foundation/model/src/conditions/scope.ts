/** What conditions are judged on: every name that a monitor type offers. Absent is undefined, never 0. */
export interface ConditionScope {
  readonly numbers: Readonly<Record<string, number | undefined>>;
  readonly texts: Readonly<Record<string, string | undefined>>;
  /** Header values by lower-case name; several of one name are joined by ", ". */
  readonly header?: Readonly<Record<string, string>>;
  /** The body as text; absent when there is none. */
  readonly body?: string;
}
