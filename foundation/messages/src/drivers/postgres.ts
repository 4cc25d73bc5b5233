import { backoffMs } from '@watchkeeper/kit';
import { type Listener, notify, openListener } from '@watchkeeper/store';
import { Type } from 'typebox';
import { HandlersByTopic } from '../handlers-by-topic.ts';
import { defineMessageDriver, type MessageDriverContext } from '../message-driver.ts';
import type { Messages } from '../messages.ts';

const channel = 'watchkeeper';

export default defineMessageDriver({
  name: 'postgres',
  summary: 'Wake-ups by LISTEN and NOTIFY of the database; nothing is told to programs outside.',
  options: Type.Object({}, { additionalProperties: false }),
  open: (_options, context) => postgresMessages(context),
});

/** LISTEN/NOTIFY. One connection listens; a lost one is opened again and every handler is called. */
export function postgresMessages({ store, clock, logger }: MessageDriverContext): Messages {
  const handlers = new HandlersByTopic();
  const stop = new AbortController();
  let listener: Listener | undefined;

  const listen = async () => {
    for (let attempt = 0; !stop.signal.aborted; attempt++) {
      try {
        const opened = await openListener(store.connection, channel, (payload) => handlers.call(payload));
        if (stop.signal.aborted) return await opened.close();
        listener = opened;
        attempt = 0;
        handlers.callAll();
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
    subscribe: (topic, handler) => handlers.add(topic, handler),
    async close() {
      stop.abort();
      await listener?.close();
      await listening;
    },
  };
}
