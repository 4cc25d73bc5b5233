import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchRow } from './bench.ts';

const child = fileURLToPath(new URL('./middleware-child.ts', import.meta.url));
const atOnce = 16;
/** What a request may cost more with metrics, microseconds of CPU. */
const limitUs = 5;
/** `again` is `none` once more: how far two servers without metrics are apart is what the figures can tell at best. */
type Kind = 'none' | 'again' | 'ours' | 'events' | 'peer';
const frameworks: Readonly<Record<string, { readonly kinds: readonly Kind[]; readonly peer?: string }>> = {
  express: { kinds: ['none', 'again', 'ours', 'peer'], peer: 'express-prom-bundle' },
  fastify: { kinds: ['none', 'again', 'ours', 'events', 'peer'], peer: 'fastify-metrics' },
  koa: { kinds: ['none', 'again', 'ours'] },
  'node:http': { kinds: ['none', 'again', 'ours'] },
};

interface Served {
  readonly process: ChildProcess;
  readonly port: number;
  readonly agent: Agent;
}

const bench: Bench = {
  name: 'middleware',
  summary:
    'CPU that metrics add to a request of a server that does little else, beside express-prom-bundle and fastify-metrics under the same load.',
  async run({ quick, progress }) {
    const [count, rounds] = quick ? [1000, 1] : [12_000, 9];
    const rows: BenchRow[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'wk-bench-'));
    const taking = createServer((asked, answer) => {
      asked.resume().once('end', () => answer.end('{"refused":[]}'));
    });
    await once(taking.listen(0, '127.0.0.1'), 'listening');
    const address = `http://127.0.0.1:${(taking.address() as AddressInfo).port}`;
    try {
      for (const [framework, { kinds, peer }] of Object.entries(frameworks)) {
        const served = new Map<Kind, Served>();
        const added = new Map<Kind, number[]>(kinds.slice(1).map((kind) => [kind, []]));
        try {
          for (const kind of kinds) served.set(kind, await start(framework, kind, address, folder));
          // What is compiled on the way is not what an application of many hours pays.
          for (const one of served.values()) await costUs(one, quick ? 200 : 8000);
          for (let round = 0; round < rounds; round++) {
            progress(`${framework}, round ${round + 1} of ${rounds}`);
            const cost = new Map<Kind, number>();
            // Each round begins with another, so that none is always first.
            for (let place = 0; place < kinds.length; place++) {
              const kind = kinds[(place + round) % kinds.length] as Kind;
              cost.set(kind, await costUs(served.get(kind) as Served, count));
            }
            for (const [kind, values] of added) values.push((cost.get(kind) ?? 0) - (cost.get('none') ?? 0));
          }
          for (const kind of ['ours', 'events', 'peer'] as const) await assertCounted(served.get(kind), count * rounds);
        } finally {
          for (const one of served.values()) end(one);
        }
        rows.push(...rowsOf(framework, peer, added, `median of ${rounds} rounds of ${count} requests`));
      }
      return rows;
    } finally {
      taking.close();
      taking.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;

function rowsOf(
  framework: string,
  peer: string | undefined,
  added: ReadonlyMap<Kind, readonly number[]>,
  rounds: string,
): BenchRow[] {
  const addedBy = (kind: Kind) => median(added.get(kind) ?? []);
  const [ours, noise] = [addedBy('ours'), Math.abs(addedBy('again'))];
  const note = `${rounds}; two servers without metrics differ by ${noise.toFixed(2)}`;
  const row = { what: `CPU added to a request by ${framework}`, ours, unit: 'microseconds', note };
  const rows: BenchRow[] = [{ ...row, peer: limitUs, peerName: 'the limit', ratio: limitUs / ours, goal: 1 }];
  if (peer !== undefined) {
    const theirs = addedBy('peer');
    rows.push({ ...row, peer: theirs, peerName: peer, ratio: theirs / ours, goal: null });
  }
  if (added.has('events')) {
    const both = addedBy('events');
    const what = `CPU added by ${framework} with an event of each request`;
    rows.push({ ...row, what, ours: both, peer: ours, peerName: 'metrics alone', ratio: ours / both, goal: null });
  }
  return rows;
}

/** Metrics that count nothing would cost nothing. */
async function assertCounted(served: Served | undefined, least: number): Promise<void> {
  if (served === undefined) return;
  const text = await get(served, '/metrics');
  const [, counted = '0'] = /^http_request_duration_seconds_count\{.*\/users\/.*\} (\d+)/m.exec(text) ?? [];
  if (Number(counted) < least) throw new Error(`${counted} of ${least} requests were counted:\n${text.slice(0, 2000)}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function start(framework: string, kind: Kind, address: string, folder: string): Promise<Served> {
  const process_ = fork(child, [framework, kind, address, folder]);
  const [port] = (await once(process_, 'message')) as [number];
  return { process: process_, port, agent: new Agent({ keepAlive: true, maxSockets: atOnce }) };
}

function end({ process, agent }: Served): void {
  agent.destroy();
  process.kill('SIGKILL');
}

/** CPU microseconds of the server for each of so many requests. */
async function costUs(served: Served, count: number): Promise<number> {
  const before = await cpuSeconds(served);
  let left = count;
  const worker = async () => {
    for (; left > 0; left--) await get(served, `/users/${left}`);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return (((await cpuSeconds(served)) - before) / count) * 1e6;
}

async function cpuSeconds({ process }: Served): Promise<number> {
  const answered = once(process, 'message') as Promise<[number]>;
  process.send('cpu');
  return (await answered)[0];
}

function get({ agent, port }: Served, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ agent, host: '127.0.0.1', port, path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path} was answered with ${response.statusCode}`));
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve(text));
    })
      .once('error', reject)
      .end();
  });
}
