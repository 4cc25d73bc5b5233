import type { NewEvent } from '@watchkeeper/model';
import {
  type Connection,
  copyEventRows,
  encodeRows,
  ensureEventPartitions,
  openLogClient,
  patchRow,
  SeriesDictionary,
  type SeriesRef,
} from '@watchkeeper/store';
import { aSeries } from '../foundation/model/test/makers.ts';
import { ownCpuSeconds, serverCpuSeconds } from './postgres-cpu.ts';

const connections = 2;
const rowsPerTransaction = 5000;
/** Keys of the rollup: monitors times zones. */
const monitorZones = 2000;

export interface Measured {
  readonly wallSeconds: number;
  /** Of this process and of the database. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
}

/** Events of `monitorZones` monitors in turn, some seconds apart, as a scheduler would send them. */
export function makeEvents(count: number): NewEvent[] {
  const valueNames = [
    'durationMs',
    'latenessMs',
    'attempt',
    'dnsMs',
    'connectMs',
    'tlsMs',
    'firstByteMs',
    'transferMs',
    'sizeBytes',
  ];
  const series = Array.from({ length: monitorZones }, (_, index) =>
    ['200', '503'].map((status) =>
      aSeries({
        source: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
        attributes: { type: 'http', status, protocol: 'HTTP/1.1' },
        valueNames,
      }),
    ),
  );
  const startUs = Date.now() * 1000;
  return Array.from({ length: count }, (_, index) => {
    const isFailed = index % 97 === 0;
    const of = series[index % monitorZones] as (typeof series)[number];
    const durationMs = 5 + ((index * 7919) % 1000) / 10;
    return {
      series: of[isFailed ? 1 : 0] as NewEvent['series'],
      timeUs: startUs + index * 100,
      outcome: isFailed ? 'failed' : 'ok',
      ...(isFailed ? { reason: 'status' } : {}),
      values: [durationMs, 0.5, 1, 0.2, 0.4, null, durationMs - 1, 0.3, 1024],
    };
  });
}

/** Binary COPY of the same rows into the same table, encoded before the clock starts. */
export async function measureRawCopy(connection: Connection, serverPid: number, count: number): Promise<Measured> {
  const events = makeEvents(count);
  const clients = await Promise.all(Array.from({ length: connections }, () => openLogClient(connection)));
  const [first] = clients as [(typeof clients)[number]];
  await ensureEventPartitions(first);
  const dictionary = new SeriesDictionary({ perTenant: 1_000_000 });
  await dictionary.learn(first, new Set(events.map((event) => event.series)));
  const receivedUs = Date.now() * 1000;
  const chunks: Buffer[] = [];
  for (let start = 0; start < count; start += rowsPerTransaction) {
    const part = events.slice(start, start + rowsPerTransaction);
    const refs = part.map((event) => dictionary.known(event.series) as SeriesRef);
    const rows = encodeRows(part, refs, start + 1, { producerId: 1, epoch: 1, partition: 0 });
    for (let row = 0; row < part.length; row++) patchRow(rows, row, start + row + 1, receivedUs);
    chunks.push(rows.bytes);
  }
  const measured = await measure(serverPid, async () => {
    await Promise.all(
      clients.map(async (client) => {
        for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
          await client.query('begin');
          await copyEventRows(client, [chunk]);
          await client.query('commit');
        }
      }),
    );
  });
  await Promise.all(clients.map((client) => client.end()));
  return measured;
}

export async function measure(serverPid: number, work: () => Promise<void>): Promise<Measured> {
  const [ownBefore, serverBefore] = [ownCpuSeconds(), serverCpuSeconds(serverPid)];
  const startedMs = performance.now();
  await work();
  const wallSeconds = (performance.now() - startedMs) / 1000;
  const [own, server] = [ownCpuSeconds() - ownBefore, serverCpuSeconds(serverPid) - serverBefore];
  return { wallSeconds, cpuSeconds: own + server, serverCpuSeconds: server };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
