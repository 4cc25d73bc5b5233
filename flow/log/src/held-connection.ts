import type { Logger } from '@watchkeeper/kit';
import { WatchkeeperError } from '@watchkeeper/model';
import { asStoreError, type Connection, openLogClient } from '@watchkeeper/store';

export type LogClient = Awaited<ReturnType<typeof openLogClient>>;

/** One connection of the log, opened when first needed and again after it was lost; used by one caller at a time. */
export class HeldConnection {
  readonly #connection: Connection;
  readonly #logger: Logger;
  #opening: Promise<LogClient> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: Connection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  /** @throws WatchkeeperError `database_unavailable` when the connection is lost or cannot be opened. */
  use<T>(work: (client: LogClient) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#work(work));
    // The next caller waits for this one, however it ends.
    this.#last = turn.then(ignore, ignore);
    return turn;
  }

  async #work<T>(work: (client: LogClient) => Promise<T>): Promise<T> {
    this.#opening ??= this.#open();
    try {
      return await work(await this.#opening);
    } catch (error) {
      const known = asStoreError(error);
      if (known instanceof WatchkeeperError && known.code === 'database_unavailable') await this.close();
      throw known;
    }
  }

  /** May be called twice; a later `use` opens a new connection. */
  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    // A lost connection cannot be ended properly; it is gone either way.
    if (opening !== undefined) await Promise.allSettled([opening.then((client) => client.end())]);
  }

  #open(): Promise<LogClient> {
    const opening = openLogClient(this.#connection).then(
      (client) => {
        client.on('error', (error) => {
          this.#logger.warn({ err: error }, 'a connection of the event log was lost; it is opened again');
          forget();
        });
        return client;
      },
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    // A connection may tell more than once that it is lost, and another one may be open by then.
    const forget = () => {
      if (this.#opening === opening) this.#opening = undefined;
    };
    return opening;
  }
}

function ignore(): void {}
