import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import { type Listener, notify, openListener, type Store } from '@watchkeeper/store';
import { type Messages, type Topic, topics } from '../messages.ts';

export interface PostgresMessagesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

const channel = 'watchkeeper';

/** LISTEN/NOTIFY. One connection listens; a lost one is opened again and every handler is called. */
export function postgresMessages({ store, clock, logger }: PostgresMessagesOptions): Messages {
  const handlers = new Map<Topic, Set<() => void>>(topics.map((topic) => [topic, new Set()]));
  const stop = new AbortController();
  let listener: Listener | undefined;

  const call = (topic: Topic) => {
    for (const handler of handlers.get(topic) ?? []) handler();
  };

  const listen = async () => {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        const opened = await openListener(store.connection, channel, (payload) => {
          if ((topics as readonly string[]).includes(payload)) call(payload as Topic);
        });
        if (stop.signal.aborted) return await opened.close();
        listener = opened;
        attempt = 0;
        for (const topic of topics) call(topic);
        await opened.ended;
        if (!stop.signal.aborted) logger.warn('the connection for wake-ups was lost; it is opened again');
      } catch (error) {
        if (stop.signal.aborted) return;
        logger.warn({ err: error }, 'the connection for wake-ups cannot be opened; it is tried again');
      }
      await clock.pause(backoffMs(attempt + 1, { firstMs: 100, longestMs: 5000 }), stop.signal);
    }
  };
  const listening = listen();

  return {
    publish: (topic) => notify(store.db, channel, topic),
    subscribe(topic, handler) {
      handlers.get(topic)?.add(handler);
      return () => handlers.get(topic)?.delete(handler);
    },
    async close() {
      stop.abort();
      await listener?.close();
      await listening;
    },
  };
}
