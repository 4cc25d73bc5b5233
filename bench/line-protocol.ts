import { Agent, request } from 'node:http';
import { LineParser } from '@watchkeeper/formats';
import { sql } from 'kysely';
import { startInfluxDb } from '../scripts/servers/influxdb.ts';
import type { Bench, BenchRow } from './bench.ts';
import { median } from './event-load.ts';
import { ownCpuSeconds, postmasterPid, processCpuSeconds, serverCpuSeconds } from './postgres-cpu.ts';
import { openProcessWorld, type ProcessWorld, secondsUntil } from './real-processes.ts';

const rounds = 3;
const linesPerBody = 5000;
const connections = 4;
/** Series whose lines are sent again and again. */
const seriesCount = 15_000;
const measurement = 'api_call';
/** What both have when the clock starts: series, files, warm code. */
const warmUpLines = 100_000;

interface Measured {
  readonly perSecond: number;
  /** CPU seconds per million lines, of the server and its database. */
  readonly cpu: number;
}

interface OwnMeasured extends Measured {
  /** How late the event loop of the server was while the bodies came in, 99th percentile, milliseconds. */
  readonly loopDelayMs: number;
}

const bench: Bench = {
  name: 'line-protocol',
  summary:
    'Line protocol over HTTP, stored and rolled up, beside InfluxDB 1.x on the same bodies in the same run; and the parser alone.',
  async run({ quick, progress }) {
    const count = quick ? 50_000 : 500_000;
    const rows = parserRows(quick ? 100_000 : 400_000, progress);
    const warmUp = makeBodies(warmUpLines, Date.now() - 3_600_000);
    const influx = await startInfluxDb('bench');
    const world = await openProcessWorld();
    try {
      const ours = await openOurs(world);
      await send(`${influx.url}/write?db=bench`, '', warmUp);
      await ours.measure(warmUp);
      const [own, other]: [OwnMeasured[], Measured[]] = [[], []];
      for (let round = 0; round < (quick ? 1 : rounds); round++) {
        const bodies = makeBodies(count, Date.now() - 1_800_000 + round * 100_000);
        progress(`round ${round + 1}: ${count} lines to InfluxDB`);
        const before = processCpuSeconds(influx.process.pid);
        const seconds = await send(`${influx.url}/write?db=bench`, '', bodies);
        const cpuSeconds = processCpuSeconds(influx.process.pid) - before;
        other.push({ perSecond: count / seconds, cpu: (cpuSeconds / count) * 1e6 });
        progress(`round ${round + 1}: ${count} lines to Watchkeeper`);
        own.push(await ours.measure(bodies));
      }
      const stored = await influx.query<[number, number]>(`SELECT count(size) FROM ${measurement}`);
      const wanted = warmUpLines + count * own.length;
      if (stored[0]?.[0]?.[1] !== wanted) throw new Error(`InfluxDB has ${stored[0]?.[0]?.[1]} of ${wanted} lines`);
      const of = (list: readonly Measured[], pick: (one: Measured) => number) => median(list.map(pick));
      const note = `${linesPerBody} lines a body, ${connections} connections, ${seriesCount} series, median of ${own.length}`;
      const peerName = 'InfluxDB 1.x';
      const [rate, peerRate] = [own, other].map((list) => of(list, ({ perSecond }) => perSecond)) as [number, number];
      const [cpu, peerCpu] = [own, other].map((list) => of(list, (one) => one.cpu)) as [number, number];
      rows.push(
        {
          what: 'lines per second',
          ours: rate,
          peer: peerRate,
          peerName,
          unit: '1/s',
          ratio: rate / peerRate,
          goal: 1,
          note,
        },
        {
          what: 'CPU seconds per million lines',
          ours: cpu,
          peer: peerCpu,
          peerName,
          unit: 's/M',
          ratio: peerCpu / cpu,
          goal: 1,
        },
        loopDelayRow(median(own.map(({ loopDelayMs }) => loopDelayMs))),
      );
      return rows;
    } finally {
      await world.close();
      await influx.stop();
    }
  },
};
export default bench;

/** A server with all roles, and a rollup of what is sent. */
async function openOurs(world: ProcessWorld) {
  const server = await world.start();
  const headers = { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' };
  const rollup = {
    ...{ name: 'bench', events: measurement, groupBy: ['environment', 'zone', 'service'], granularities: ['1m', '1h'] },
    aggregates: ['count', 'avg(duration_ms)', 'p95(duration_ms)', 'counter(status)'],
  };
  const made = await fetch(`${server.url}/api/v1/rollups/bench`, {
    method: 'PUT',
    headers,
    body: JSON.stringify(rollup),
  });
  if (!made.ok) throw new Error(`the rollup was refused: ${await made.text()}`);
  const postmaster = await postmasterPid(world.connection);
  const cpuSeconds = () => processCpuSeconds(server.pid) + serverCpuSeconds(postmaster);
  const url = `${server.url}/write?db=watchkeeper`;
  const token = `Token ${server.key}`;
  // The rollup counts from some moment on.
  const probe = [Buffer.from(`${measurement},service=probe duration_ms=1,size=1i`)];
  const isCounting = async () => {
    await send(url, token, probe);
    return (await rolledUp(world)) > 0;
  };
  await secondsUntil('the rollup to count', isCounting, 30);
  return {
    /** Until everything is acknowledged and rolled up. @throws Error when that is not every line */
    async measure(bodies: readonly Buffer[]): Promise<OwnMeasured> {
      await secondsUntil('the reader to have read all', async () => (await lag(world)) === 0, 120);
      const [before, countedBefore] = [cpuSeconds(), await rolledUp(world)];
      // Asking begins to measure anew.
      await loopDelayMs(server.url, token);
      const seconds = await send(url, token, bodies);
      const delayMs = await loopDelayMs(server.url, token);
      await secondsUntil('everything to be rolled up', async () => (await lag(world)) === 0, 120);
      const cpu = cpuSeconds() - before;
      const count = bodies.length * linesPerBody;
      const counted = (await rolledUp(world)) - countedBefore;
      if (counted !== count) throw new Error(`${counted} of ${count} lines were rolled up`);
      return { perSecond: count / seconds, cpu: (cpu / count) * 1e6, loopDelayMs: delayMs };
    },
  };
}

/** How late the event loop was since the last call, 99th percentile, milliseconds. The timer that measures it counts: 10 ms. */
async function loopDelayMs(url: string, authorization: string): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization } });
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await response.text()) ?? [];
  if (seconds === undefined)
    throw new Error(`/metrics answered ${response.status} without the delay of the event loop`);
  return Number(seconds) * 1000;
}

/** Longest delay of the event loop that we allow while bodies come in, 99th percentile, milliseconds. */
const allowedDelayMs = 100;

function loopDelayRow(ours: number): BenchRow {
  const what = 'delay of the event loop while bodies come in, 99th percentile';
  return {
    what,
    ours,
    peer: allowedDelayMs,
    peerName: 'allowed',
    unit: 'ms',
    ratio: allowedDelayMs / ours,
    goal: null,
  };
}

/** Events that are stored and not rolled up. */
async function lag({ store }: ProcessWorld): Promise<number> {
  const { rows } = await sql<{ lag: number }>`
    select sum(h.last_offset - coalesce(r.log_offset, 0))::bigint as lag
    from log_heads h left join reader_positions r on r.log_partition = h.log_partition and r.reader = 'processor'`.execute(
    store.db,
  );
  return rows[0]?.lag ?? 0;
}

/** Events that the rollup of the bench has counted. */
async function rolledUp({ store }: ProcessWorld): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(r.count), 0)::bigint as count
    from rollups r join rollup_keys k on k.id = r.key_id join rollup_definitions d on d.id = k.definition_id
    where d.name = 'bench' and r.granularity_s = 60`.execute(store.db);
  return rows[0]?.count ?? 0;
}

/** Sends all bodies over a few connections; resolves with the seconds until the last was acknowledged. */
async function send(url: string, authorization: string, bodies: readonly Buffer[]): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const startedMs = performance.now();
  let next = 0;
  const worker = async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++])
      await post(agent, url, authorization, body);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return (performance.now() - startedMs) / 1000;
}

function post(agent: Agent, url: string, authorization: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body.length, ...(authorization === '' ? {} : { authorization }) };
    request(url, { agent, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        response.statusCode === 204 ? resolve() : reject(new Error(`${url} answered ${response.statusCode}: ${text}`)),
      );
    })
      .on('error', reject)
      .end(body);
  });
}

/** Lines of API calls, a millisecond apart from `fromMs` on. */
function makeBodies(count: number, fromMs: number): Buffer[] {
  const services = ['compute', 'network', 'image', 'identity', 'volume'];
  const line = (at: number) => {
    const series = (at * 7919) % seriesCount;
    const tags = `environment=production_${series % 3},host=probe-${String(series % 200).padStart(3, '0')},method=GET,operation=operation_${series},service=${services[series % 5]},status=${series % 97 === 0 ? 503 : 200},zone=eu-de-0${(series % 2) + 1}`;
    const fields = `attempts=1i,duration_ms=${(5 + ((at * 7919) % 1000) / 10).toFixed(3)},size=${100 + (at % 5000)}i`;
    return `${measurement},${tags} ${fields} ${fromMs + (at >> 3)}${String(at % 8).padStart(6, '0')}\n`;
  };
  return Array.from({ length: count / linesPerBody }, (_, body) =>
    Buffer.from(Array.from({ length: linesPerBody }, (_none, at) => line(body * linesPerBody + at)).join('')),
  );
}

/** The parser alone: CPU seconds per million lines, beside what we allow it. */
function parserRows(count: number, progress: (text: string) => void): BenchRow[] {
  const bodies = makeBodies(count, Date.now() - 3_600_000);
  const measure = (parserFor: () => LineParser) => {
    const before = ownCpuSeconds();
    let lines = 0;
    for (const body of bodies) {
      const options = { context, precision: 'ns', receivedUs: Date.now() * 1000 } as const;
      const reading = parserFor().open(body, options);
      while (reading.read(500));
      lines += reading.events.length;
    }
    if (lines !== count) throw new Error(`${lines} of ${count} lines were read`);
    return ((ownCpuSeconds() - before) / count) * 1e6;
  };
  const context = { tenant: 'default', attributes: {} };
  progress(`the parser reads ${count} lines`);
  const shared = new LineParser(100_000);
  measure(() => shared);
  const known = median(Array.from({ length: 5 }, () => measure(() => shared)));
  const fresh = median(Array.from({ length: 3 }, () => measure(() => new LineParser(100_000))));
  const row = (what: string, ours: number, peer: number): BenchRow => ({
    ...{ what, ours, peer, peerName: 'allowed', unit: 's/M', ratio: peer / ours, goal: 1 },
  });
  return [
    row('CPU seconds of the parser per million lines, series known', known, 1.2),
    row('the same, every series new', fresh, 10),
  ];
}
