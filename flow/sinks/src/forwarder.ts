import { parseDuration } from '@watchkeeper/model';
import { type SinkRow, shareLeases } from '@watchkeeper/store';
import { forwardEvents } from './event-forwarder.ts';
import type { ForwarderOptions, WorkerFigures } from './forwarder-options.ts';
import { forwardRollup, type RollupForwarding } from './rollup-forwarder.ts';
import type { RunnableSinkType } from './sink-context.ts';
import { SinkList } from './sink-list.ts';

export interface ForwarderStats {
  /** What this process forwards now: reader → partitions of the log. */
  readonly readers: readonly { readonly reader: string; readonly partitions: readonly number[] }[];
  /** Events that targets have taken, refused, and attempts that failed since the start. */
  readonly forwarded: number;
  readonly refused: number;
  readonly failedAttempts: number;
  readonly lastError: string | null;
}

export interface Forwarder {
  stats(): ForwarderStats;
  /** Ends what is under way, gives the leases back and ends. May be called twice. */
  drain(): Promise<void>;
}

/**
 * Forwards events and rollups to the targets of sinks. Every partition of the log goes to every sink by itself, so a
 * target that is down holds up nothing but its own sink; processes of this role share the work.
 */
export function startForwarder(options: ForwarderOptions): Forwarder {
  const { store, messages, clock, logger, holder, eventLog, leaseSeconds = 6 } = options;
  const stop = new AbortController();
  const list = new SinkList({ store, messages, clock, logger });
  const running = new Map<string, WorkerFigures>();
  const ended: WorkerFigures = { forwarded: 0, refused: 0, failedAttempts: 0, lastError: null };

  const work = async (name: string, signal: AbortSignal) => {
    const place = name.lastIndexOf('/');
    const partition = Number(name.slice(place + 1));
    const figures: WorkerFigures = { forwarded: 0, refused: 0, failedAttempts: 0, lastError: null };
    running.set(name, figures);
    try {
      // A definition that changes is begun anew, under the same lease.
      while (!signal.aborted) {
        const found = list.find(name.slice(0, place));
        if (found === undefined || !isWorkedOn(found.sink, options)) return;
        const end = await forward(found.sink, partition, AbortSignal.any([signal, found.changed]), figures, options);
        if (end === 'lost') return;
      }
    } finally {
      running.delete(name);
      for (const count of ['forwarded', 'refused', 'failedAttempts'] as const) ended[count] += figures[count];
    }
  };
  const sharing = [
    list.run(stop.signal),
    shareLeases({
      ...{ store, clock, logger, holder, work },
      kind: 'sink',
      names: () =>
        list.all.filter((sink) => isWorkedOn(sink, options)).flatMap((sink) => partsOf(sink, eventLog.partitionCount)),
      seconds: leaseSeconds,
      signal: stop.signal,
    }),
  ];
  const total = (count: 'forwarded' | 'refused' | 'failedAttempts') =>
    [...running.values()].reduce((sum, figures) => sum + figures[count], ended[count]);
  return {
    stats: () => ({
      readers: readersOf([...running.keys()]),
      ...{ forwarded: total('forwarded'), refused: total('refused'), failedAttempts: total('failedAttempts') },
      lastError: [...running.values()].find(({ lastError }) => lastError !== null)?.lastError ?? null,
    }),
    async drain() {
      stop.abort();
      await Promise.all(sharing);
    },
  };
}

/** A sink of a type that another release knows is left to processes of that release. */
function isWorkedOn({ definition }: SinkRow, { sinkTypes }: ForwarderOptions): boolean {
  return !definition.paused && Object.hasOwn(sinkTypes, definition.type);
}

/** What can be held of a sink: `tenant/name/partition`. */
function partsOf({ tenant, name, definition }: SinkRow, partitionCount: number): string[] {
  const count = definition.rollup === undefined ? partitionCount : 1;
  return Array.from({ length: count }, (_, partition) => `${tenant}/${name}/${partition}`);
}

function readersOf(names: readonly string[]): ForwarderStats['readers'] {
  const bySink = Map.groupBy(names, (name) => name.slice(0, name.lastIndexOf('/')));
  return [...bySink].map(([sink, parts]) => ({
    reader: `sink/${sink}`,
    partitions: parts.map((name) => Number(name.slice(sink.length + 1))).sort((a, b) => a - b),
  }));
}

async function forward(
  sink: SinkRow,
  partition: number,
  signal: AbortSignal,
  figures: WorkerFigures,
  options: ForwarderOptions,
): Promise<'lost' | 'ended'> {
  const { egress, clock, credential, kafka, filesDir, sinkTypes } = options;
  const { definition, tenant, name } = sink;
  const { default: type } = await (sinkTypes[definition.type] as () => Promise<{ default: RunnableSinkType }>)();
  const context = {
    ...{ egress, clock, credential, kafka, filesDir, sink: `${tenant}/${name}` },
    timeoutMs: parseDuration(definition.timeout) ?? 10_000,
  };
  const openTarget = () => type.open(definition.options as never, context);
  return definition.rollup === undefined
    ? forwardEvents({ sink, partition, type, openTarget, signal, figures }, options)
    : forwardRollup({ sink: sink as RollupForwarding['sink'], openTarget, signal, figures }, options);
}
