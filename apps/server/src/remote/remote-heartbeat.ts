import { hostname } from 'node:os';
import type { Clock } from '@watchkeeper/kit';
import type { BufferedOutlet, Scheduler } from '@watchkeeper/sources';
import type { Heartbeat } from '../heartbeat.ts';
import type { ServerLink } from './server-link.ts';

const everyMs = 5000;
const textLength = 500;
/** Longest time that the end of the process waits for the server, milliseconds. */
const lastWordMs = 2000;

/** Keeps the row of this process fresh at the server; the row goes when the process ends in order. */
export function startRemoteHeartbeat({
  link,
  clock,
  holder,
  version,
  zones,
  startedAt,
  scheduler,
  outlet,
}: {
  readonly link: ServerLink;
  readonly clock: Clock;
  readonly holder: string;
  readonly version: string;
  readonly zones: readonly string[];
  readonly startedAt: Date;
  readonly scheduler: Scheduler;
  readonly outlet: BufferedOutlet;
}): Heartbeat {
  const stop = new AbortController();
  const params = { id: holder };
  const say = () => {
    const { latenessP99Ms, monitors, running, droppedEvents, lastError } = scheduler.stats();
    const { live, backlog, bytes, refused, quarantined, diskError } = outlet.figures();
    const error = lastError ?? link.lastError;
    const figures = {
      ...{ buffered: live + backlog, backlog, bufferBytes: bytes, dropped: droppedEvents, refused, quarantined },
      ...{ latenessP99Ms, monitors, running, diskError: diskError?.slice(0, textLength) ?? null },
      lastError: error?.slice(0, textLength) ?? null,
    };
    const body = { host: hostname().slice(0, 200), pid: process.pid, version, zones: [...zones], figures };
    return link.call('putProcess', {
      params,
      body: { ...body, startedAt: startedAt.toISOString() },
      signal: stop.signal,
    });
  };
  const run = async () => {
    while (!stop.signal.aborted) {
      // A server that is away is told of by the link.
      await Promise.allSettled([say()]);
      await clock.pause(everyMs, stop.signal);
    }
  };
  const running = run();
  return {
    async stop() {
      stop.abort();
      await running;
      // The row runs out by itself when the server cannot be told.
      await Promise.allSettled([link.call('deleteProcess', { params, signal: AbortSignal.timeout(lastWordMs) })]);
    },
  };
}
