import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Health } from '@watchkeeper/health';
import type { ProcessFigures } from '@watchkeeper/model';
import type { Processor } from '@watchkeeper/processor';
import type { Forwarder } from '@watchkeeper/sinks';
import type { Listeners, Scheduler } from '@watchkeeper/sources';

export type NotedError = NonNullable<ProcessFigures['lastError']>;

export interface MeasuredRoles {
  readonly scheduler: Scheduler | undefined;
  readonly listeners: Listeners | undefined;
  readonly processor: Processor | undefined;
  readonly forwarder: Forwarder | undefined;
  readonly health: Health | undefined;
  readonly lastError: () => NotedError | null;
}

/** Longest text of an error that is told, characters. */
const longestError = 500;
/** How often the event loop is asked, milliseconds; an idle loop answers after just as long. */
const askEveryMs = 20;

/**
 * Measures this process from now on; each call tells what the figures are, and shares and percentiles since the call
 * before.
 */
export function measureProcess(roles: MeasuredRoles): () => Omit<ProcessFigures, 'leases'> {
  const { scheduler, listeners, processor, forwarder, health } = roles;
  const delay = monitorEventLoopDelay({ resolution: askEveryMs });
  delay.enable();
  let cpu = process.cpuUsage();
  let atMs = performance.now();

  return () => {
    const spent = process.cpuUsage(cpu);
    const nowMs = performance.now();
    const cpuRatio = nowMs > atMs ? (spent.user + spent.system) / 1000 / (nowMs - atMs) : null;
    const loopDelayP99Ms = delay.count === 0 ? null : Math.max(0, delay.percentile(99) / 1e6 - askEveryMs);
    cpu = process.cpuUsage();
    atMs = nowMs;
    delay.reset();
    const checks = scheduler?.stats();
    const received = listeners?.stats() ?? [];
    const sums = processor?.stats();
    const readers = { processor: sums?.partitions, health: health?.stats().partitions };
    const error = roles.lastError();
    return {
      isRemote: false,
      readers: [
        ...Object.entries(readers).flatMap(([reader, partitions]) =>
          partitions === undefined ? [] : [{ reader, partitions: [...partitions] }],
        ),
        ...(forwarder?.stats().readers ?? []).map(({ reader, partitions }) => ({
          reader,
          partitions: [...partitions],
        })),
      ],
      checks: checks?.checks ?? null,
      latenessP99Ms: checks?.latenessP99Ms ?? null,
      listeners: received.map(({ name, places, lines, unreadable, lostDatagrams, dropped, refused, refusedNames }) => ({
        ...{ name, places: [...places], lines, unreadable, lost: lostDatagrams ?? 0, refused: refused + refusedNames },
        dropped,
      })),
      dropped: received.reduce((sum, { dropped }) => sum + dropped, checks?.droppedEvents ?? 0),
      waitingEvents: received.reduce((sum, { waiting }) => sum + waiting, checks?.waitingEvents ?? 0),
      waitingMessages: sums?.behind ?? null,
      rssBytes: process.memoryUsage.rss(),
      loopDelayP99Ms,
      cpuRatio,
      buffer: null,
      lastError: error === null ? null : { ...error, message: error.message.slice(0, longestError) },
    };
  };
}
