import type { CheckRunResult, ClaimedCheckRun, NewEvent, ScheduledMonitor } from '@watchkeeper/model';

/** What a scheduler needs of whoever knows the monitors: the store, or a server that is reached by HTTP. */
export interface ScheduleSource {
  /**
   * Works on zones while this process is the one that watches from them. The work's signal is aborted when that ends;
   * then it must return, and is begun again when the zone is free. Resolves when `signal` has ended everything.
   */
  hold(
    zones: readonly string[],
    signal: AbortSignal,
    work: (zone: string, signal: AbortSignal) => Promise<void>,
  ): Promise<void>;
  /** The monitors of a zone. Rejects when they cannot be read now; the scheduler goes on with those it knows. */
  schedule(zone: string): Promise<readonly ScheduledMonitor[]>;
  /** Takes checks outside the schedule that somebody asked for. */
  claimCheckRuns(zones: readonly string[], limit: number): Promise<readonly ClaimedCheckRun[]>;
  finishCheckRun(run: ClaimedCheckRun, result: CheckRunResult): Promise<void>;
  /** Tells that something may have changed; a hint, since both are read again every few seconds in any case. Returns the unsubscribing function. */
  onChange(what: 'monitors' | 'check-runs', wake: () => void): () => void;
}

/** Where a scheduler puts its events: whoever takes them brings them into the log. */
export interface EventOutlet {
  /** Never blocks and never throws: what there is no room for is dropped, the oldest first, and counted. */
  add(event: NewEvent): void;
  /** Events not stored yet. */
  readonly waiting: number;
  /** Events lost since the start. */
  readonly dropped: number;
  /** Why events cannot be stored now; null when they can. */
  readonly lastError: string | null;
  /** Waits until everything is where it outlives this process, at most `withinMs`. */
  close(withinMs: number): Promise<void>;
}
