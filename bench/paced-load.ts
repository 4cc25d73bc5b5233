import { systemClock } from '@watchkeeper/kit';
import type { EventLog, NewEvent } from '@watchkeeper/model';
import { makeEvents } from './event-load.ts';

/** A producer's events go to one partition; so many reach every partition. */
const producers = 20;
/** Requests per second of each producer. */
const requestsPerSecond = 2;

export interface PacedLoad {
  /** Events that the log has acknowledged. */
  sent(): number;
  /** Resolves when what was under way is acknowledged. Rejects when the log refused something. */
  stop(): Promise<void>;
}

/** Sends events at a steady rate until it is stopped; what is late is sent as soon as it can be. */
export function startLoad(eventLog: Pick<EventLog, 'openProducer' | 'append'>, eventsPerSecond: number): PacedLoad {
  const stop = new AbortController();
  const perRequest = eventsPerSecond / producers / requestsPerSecond;
  const patterns = makeEvents(producers * 400);
  let sent = 0;
  const work = Array.from({ length: producers }, async (_, index) => {
    const producer = `load-${index}`;
    const own = patterns.filter((_event, at) => at % producers === index);
    const { epoch } = await eventLog.openProducer(producer);
    const startedMs = performance.now();
    for (let request = 0; !stop.signal.aborted; request++) {
      const nowUs = Date.now() * 1000;
      const events = Array.from(
        { length: perRequest },
        (_none, at): NewEvent => ({
          ...(own[(request * perRequest + at) % own.length] as NewEvent),
          timeUs: nowUs + at,
        }),
      );
      await eventLog.append({ producer, epoch, firstSeq: request * perRequest + 1, events });
      sent += events.length;
      const waitMs = startedMs + ((request + 1) * 1000) / requestsPerSecond - performance.now();
      if (waitMs > 0) await systemClock.pause(waitMs, stop.signal);
    }
  });
  const all = Promise.all(work);
  // Told by stop(); until then it must not end the process.
  all.catch(() => undefined);
  return {
    sent: () => sent,
    async stop() {
      stop.abort();
      await all;
    },
  };
}
