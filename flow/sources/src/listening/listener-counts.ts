import type { Clock, Logger } from '@watchkeeper/kit';
import type { InputSender, RefusedInputs } from '@watchkeeper/model';

/** How often the log of the process tells of lines that cannot be read, milliseconds. */
const tellEveryMs = 60_000;
/** Characters of such a line that are told. */
const toldText = 100;

/** What a listener has counted since its start. */
export class ListenerCounts {
  /** Datagrams that were read. */
  datagrams = 0;
  /** Metrics and lines that were understood. */
  lines = 0;
  /** Metrics and lines that were not. */
  unreadable = 0;
  /** Names beyond what one flush holds. */
  refusedNames = 0;
  /** Connections that are open. */
  connections = 0;
  /** Connections that were turned away since too many were open. */
  refusedConnections = 0;
  /** Connections that were closed since nothing came. */
  idleConnections = 0;

  readonly #drops = new Set<() => number | null>();
  #dropsBefore: number | null = null;
  readonly #sender: InputSender;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #refusedInputs: RefusedInputs;
  #toldMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  /** @param sender names the listener and whose its events are */
  constructor(
    sender: InputSender,
    {
      clock,
      logger,
      refusedInputs,
    }: { readonly clock: Clock; readonly logger: Logger; readonly refusedInputs: RefusedInputs },
  ) {
    this.#sender = sender;
    this.#clock = clock;
    this.#logger = logger;
    this.#refusedInputs = refusedInputs;
  }

  /** Datagrams that the system dropped since nobody read them in time; null where it does not say. */
  get lostDatagrams(): number | null {
    return [...this.#drops].reduce((sum, read) => added(sum, read()), this.#dropsBefore);
  }

  /**
   * Asks how many datagrams a port has lost whenever somebody wants to know.
   * @returns to be called when the port closes
   */
  watchDrops(read: () => number | null): () => void {
    this.#drops.add(read);
    return () => {
      if (this.#drops.delete(read)) this.#dropsBefore = added(this.#dropsBefore, read());
    };
  }

  /** Runs what reads some lines: a mistake of ours there costs these, not the process. */
  guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      this.unreadable += 1;
      this.#logger.error(
        { err: error, listener: this.#sender.door },
        'something that came could not be taken; this is a mistake of ours',
      );
    }
  }

  /** Counts lines that cannot be read; tells of one of them now and then. */
  bad(reason: string, text: string, count = 1): void {
    this.unreadable += count;
    this.#untold += count;
    this.#refusedInputs.note(this.#sender, { reason: 'input_unreadable', message: reason, excerpt: text, count });
    if (this.#clock.nowMs() - this.#toldMs < tellEveryMs) return;
    this.#toldMs = this.#clock.nowMs();
    this.#logger.warn(
      { listener: this.#sender.door, lines: this.#untold, reason, text: text.slice(0, toldText) },
      'something came that cannot be read; one of these lines is told here',
    );
    this.#untold = 0;
  }
}

function added(sum: number | null, more: number | null): number | null {
  return more === null ? sum : (sum ?? 0) + more;
}
