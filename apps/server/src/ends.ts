import type { Logger } from '@watchkeeper/kit';

/** Parts of a process in the order in which they end: what takes in first, then as events flow, what everything stands on last. */
const order = [
  'liveFeed',
  'api',
  'listeners',
  'scheduler',
  'processor',
  'health',
  'forwarder',
  'deliveries',
  'notifier',
  'maintenance',
  'heartbeat',
  'refusedInputs',
  'probes',
  'eventLog',
  'messages',
  'store',
] as const;

/** How the parts that have started end, also when the start of a later one fails. */
export class Ends {
  readonly #ends = new Map<string, () => Promise<unknown>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(part: (typeof order)[number], end: () => Promise<unknown>): void {
    this.#ends.set(part, end);
  }

  /**
   * Ends what has started, so that what is under way is still stored, counted and told. A part that cannot end in order,
   * such as one that has something to say to a database that is away, does not keep the others from it.
   */
  async run(): Promise<void> {
    for (const part of order) {
      try {
        await this.#ends.get(part)?.();
      } catch (error) {
        this.#logger.warn({ err: error, part }, 'a part of the process could not end in order');
      }
    }
  }
}
