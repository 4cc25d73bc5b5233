import { type AppendResult, type EventBatch, WatchkeeperError } from '@watchkeeper/model';

interface Waiting {
  readonly batch: EventBatch;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

export interface AppendLaneOptions<Prepared> {
  /** Most events in one transaction. */
  readonly groupEvents: number;
  /** Makes a group ready (series, encoding) while the group before it is being committed. */
  readonly prepare: (batches: readonly EventBatch[]) => Promise<Prepared>;
  /** Stores a group in one transaction; answers per batch, a fenced one with its error. */
  readonly commit: (prepared: Prepared) => Promise<readonly (AppendResult | Error)[]>;
}

/**
 * Group commit: while one transaction is under way the batches that arrive gather and share the next one. A batch
 * is answered after its commit. A batch that the database refuses never fails its neighbours.
 */
export class AppendLane<Prepared> {
  readonly #options: AppendLaneOptions<Prepared>;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #waitingEvents = 0;

  constructor(options: AppendLaneOptions<Prepared>) {
    this.#options = options;
  }

  /** Events not committed yet. */
  get waitingEvents(): number {
    return this.#waitingEvents;
  }

  add(batch: EventBatch): Promise<AppendResult> {
    this.#waitingEvents += batch.events.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ batch, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Let the batches of the same turn of the event loop gather.
    await undefined;
    let committing = Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      const preparing = this.#prepare(group);
      await committing;
      const prepared = await preparing;
      committing = this.#commit(group, prepared);
      // With nothing left to prepare the commit is waited for, so that what arrives meanwhile gathers.
      if (this.#queue.length === 0) await committing;
    }
    await committing;
    this.#running = undefined;
    if (this.#queue.length > 0) this.#running = this.#run();
  }

  #takeGroup(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const { batch } of this.#queue) {
      if (count > 0 && events + batch.events.length > this.#options.groupEvents) break;
      events += batch.events.length;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #prepare(group: readonly Waiting[]): Promise<Prepared | Failed> {
    try {
      return await this.#options.prepare(group.map(({ batch }) => batch));
    } catch (error) {
      return new Failed(error);
    }
  }

  async #commit(group: readonly Waiting[], prepared: Prepared | Failed): Promise<void> {
    try {
      if (prepared instanceof Failed) throw prepared.error;
      const results = await this.#options.commit(prepared);
      for (const [index, waiting] of group.entries()) this.#answer(waiting, results[index] as AppendResult | Error);
    } catch (error) {
      const isWholeGroup = group.length === 1 || error instanceof WatchkeeperError;
      for (const waiting of group) {
        if (isWholeGroup) this.#answer(waiting, error as Error);
        else await this.#commit([waiting], await this.#prepare([waiting]));
      }
    }
  }

  #answer({ batch, resolve, reject }: Waiting, result: AppendResult | Error): void {
    this.#waitingEvents -= batch.events.length;
    if (result instanceof Error) reject(result);
    else resolve(result);
  }
}

/** A group that could not be made ready. */
class Failed {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}
