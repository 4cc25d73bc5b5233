import { hostname } from 'node:os';
import type { BufferedOutlet } from '@watchkeeper/buffer';
import type { Clock } from '@watchkeeper/kit';
import type { Scheduler } from '@watchkeeper/sources';
import type { Heartbeat } from '../heartbeat.ts';
import { measureProcess, type NotedError } from '../process-figures.ts';
import type { ServerLink } from './server-link.ts';

const everyMs = 5000;
/** Longest text of an error that is told, characters. */
const longestError = 500;
/** Longest time that the end of the process waits for the server, milliseconds. */
const lastWordMs = 2000;

export interface RemoteHeartbeatOptions {
  readonly link: ServerLink;
  readonly clock: Clock;
  /** Name of this process; also the holder of its zones. */
  readonly holder: string;
  readonly version: string;
  readonly zones: readonly string[];
  readonly startedAt: Date;
  readonly scheduler: Scheduler;
  readonly outlet: BufferedOutlet;
  readonly lastError: () => NotedError | null;
}

/** Keeps the row of this process fresh at the server; the row goes when the process ends in order. */
export function startRemoteHeartbeat(options: RemoteHeartbeatOptions): Heartbeat {
  const { link, clock, holder, version, zones, startedAt, scheduler, outlet, lastError } = options;
  const stop = new AbortController();
  const params = { id: holder };
  const measure = measureProcess({
    scheduler,
    processor: undefined,
    listeners: undefined,
    forwarder: undefined,
    health: undefined,
    lastError,
  });
  const say = () => {
    const { isRemote: _isRemote, readers: _readers, ...figures } = measure();
    const { backlog, bytes, refused, quarantined, diskError } = outlet.figures();
    const buffer = { backlog, bytes, refused, quarantined, diskError: diskError?.slice(0, longestError) ?? null };
    const body = { host: hostname().slice(0, 200), pid: process.pid, version, zones: [...zones] };
    const told = { ...body, startedAt: startedAt.toISOString(), figures: { ...figures, buffer } };
    return link.call('putProcess', { params, body: told, signal: stop.signal });
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
