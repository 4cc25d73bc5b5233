import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import { allTenants, asStoreError, forgetSinkPositions, listSinks, type SinkRow, type Store } from '@watchkeeper/store';

/** A wake-up may be lost; the rows are read again after this time in any case, milliseconds. */
const readEveryMs = 10_000;
const firstRetryMs = 500;

interface Listed {
  readonly sink: SinkRow;
  /** Aborted once the sink is another one, or gone. */
  readonly changed: AbortController;
}

/** The sinks that there are, as of a moment ago. */
export class SinkList {
  readonly #options: {
    readonly store: Store;
    readonly messages: Messages;
    readonly clock: Clock;
    readonly logger: Logger;
  };
  #sinks = new Map<string, Listed>();

  constructor(options: { store: Store; messages: Messages; clock: Clock; logger: Logger }) {
    this.#options = options;
  }

  get all(): readonly SinkRow[] {
    return [...this.#sinks.values()].map(({ sink }) => sink);
  }

  /** A sink by `tenant/name`, and the signal that it has changed. */
  find(name: string): { readonly sink: SinkRow; readonly changed: AbortSignal } | undefined {
    const found = this.#sinks.get(name);
    return found && { sink: found.sink, changed: found.changed.signal };
  }

  /** Reads the rows again and again until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { messages, clock, logger } = this.#options;
    let wake = new AbortController();
    const unsubscribe = messages.subscribe('sinks', () => wake.abort());
    while (!signal.aborted) {
      wake = new AbortController();
      let pauseMs = readEveryMs;
      try {
        await this.#read();
      } catch (error) {
        pauseMs = firstRetryMs;
        logger.warn({ err: asStoreError(error) }, 'the sinks could not be read; it is tried again');
      }
      await clock.pause(pauseMs, AbortSignal.any([signal, wake.signal]));
    }
    unsubscribe();
  }

  async #read(): Promise<void> {
    const { store } = this.#options;
    const rows = await listSinks(store.db, allTenants);
    const present = new Map<string, Listed>();
    for (const sink of rows) {
      const name = `${sink.tenant}/${sink.name}`;
      const known = this.#sinks.get(name);
      const isSame = known?.sink.id === sink.id && known.sink.version === sink.version;
      present.set(name, isSame ? (known as Listed) : { sink, changed: new AbortController() });
    }
    const former = this.#sinks;
    this.#sinks = present;
    for (const [name, listed] of former) if (present.get(name) !== listed) listed.changed.abort();
    await forgetSinkPositions(store.db);
  }
}
