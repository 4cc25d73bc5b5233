import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../scripts/servers/free-ports.ts';
import { startStatsd } from '../scripts/servers/statsd.ts';
import type { Bench, BenchRow } from './bench.ts';
import { processCpuSeconds } from './postgres-cpu.ts';
import { openProcessWorld, type ProcessWorld } from './real-processes.ts';
import type { SendOrder, SendReport } from './statsd-sender.ts';

const sender = fileURLToPath(new URL('./statsd-sender.ts', import.meta.url));
/** The first rate, datagrams per second. */
const firstRate = 8000;

interface Search {
  /** Metrics in one datagram. */
  readonly metrics: number;
  /** How long a rate is tried. */
  readonly seconds: number;
  /** How much more each step asks for. */
  readonly factor: number;
  /** A rate at which something is lost is tried so often: a busy machine is no loss of the server's. */
  readonly attempts: number;
  readonly tell: (text: string) => void;
}

/** Share of the rate that the sender must reach, so that it counts. */
const reached = 0.9;

/** What receives. */
interface Receiver {
  readonly pid: number;
  readonly port: number;
  /** Datagrams so far. */
  received(): Promise<number>;
}

interface Found {
  /** Highest rate at which nothing was lost. */
  readonly perSecond: number;
  /** CPU of the receiver for each datagram at that rate, microseconds. */
  readonly cpuUs: number;
  /** Whether the sender could not go on, rather than the receiver. */
  readonly isSenderBound: boolean;
}

const bench: Bench = {
  name: 'statsd',
  summary: 'StatsD datagrams per second without loss on loopback, beside statsd of npm, each as it comes.',
  async run({ quick, progress }) {
    const [seconds, factor, attempts] = quick ? [0.5, 2.5, 3] : [2, 1.25, 3];
    const rows: BenchRow[] = [];
    const world = await openProcessWorld();
    const statsd = await startStatsd(1000);
    const sending = fork(sender);
    try {
      const ours = await openOurs(world);
      const peer: Receiver = {
        ...{ pid: statsd.pid(), port: statsd.port },
        received: async () =>
          statsd.flushes().reduce((sum, { counters }) => sum + (counters['statsd.packets_received'] ?? 0), 0),
      };
      for (const metrics of [1, 30]) {
        const what = metrics === 1 ? 'one metric each' : `${metrics} metrics each`;
        const search = (name: string, receiver: Receiver) =>
          highestRate(receiver, sending, {
            ...{ metrics, seconds, factor, attempts },
            tell: (text) => progress(`${what}, ${name}: ${text}`),
          });
        const [own, other] = [await search('Watchkeeper', ours), await search('statsd', peer)];
        const peerName = 'statsd 0.9.0';
        const bound = own.isSenderBound ? '; ours is what the sender could do' : '';
        rows.push(
          {
            ...{ what: `datagrams without loss, ${what}`, ours: own.perSecond, peer: other.perSecond, peerName },
            ...{ unit: '1/s', ratio: own.perSecond / other.perSecond, goal: 2 },
            note: `steps of ${factor}, ${seconds} s each${bound}`,
          },
          {
            ...{ what: `CPU of a datagram, ${what}`, ours: own.cpuUs, peer: other.cpuUs, peerName },
            ...{ unit: 'microseconds', ratio: other.cpuUs / own.cpuUs, goal: null },
          },
        );
      }
      return rows;
    } finally {
      sending.kill('SIGKILL');
      await statsd.stop();
      await world.close();
    }
  },
};
export default bench;

/** A process with the role listener and nothing else. */
async function openOurs(world: ProcessWorld): Promise<Receiver> {
  const [port = 0, health = 0] = await freePorts(2);
  const file = join(world.folder, 'settings.yaml');
  const listeners = { statsd: { port, flushEvery: '1s' }, graphite: { enabled: false } };
  writeFileSync(file, JSON.stringify({ listeners: { ...listeners, 'line-protocol-udp': { enabled: false } } }));
  const place = `127.0.0.1:${health}`;
  const server = await world.start('--roles', 'listener', '--health-listen', place, '--config', file);
  return {
    ...{ pid: server.pid, port },
    async received() {
      const text = await (await fetch(`http://${place}/metrics`)).text();
      const [, count] = /^watchkeeper_listener_datagrams_total\{listener="statsd"\} (\d+)/m.exec(text) ?? [];
      if (count === undefined) throw new Error(`datagrams are not counted:\n${text.slice(0, 2000)}`);
      return Number(count);
    },
  };
}

/** Raises the rate step by step until something is lost. */
async function highestRate(
  receiver: Receiver,
  sending: ChildProcess,
  { metrics, seconds, factor, attempts, tell }: Search,
): Promise<Found> {
  // What is compiled on the way is not what a server of many hours pays.
  await tryRate(receiver, sending, { perSecond: firstRate / 2, seconds: 1, metrics });
  let found: Found = { perSecond: 0, cpuUs: 0, isSenderBound: false };
  for (let perSecond = firstRate; ; perSecond *= factor) {
    let isHeld = false;
    let isSenderBound = true;
    for (let attempt = 0; attempt < attempts && !isHeld; attempt++) {
      const tried = await tryRate(receiver, sending, { perSecond, seconds, metrics });
      isSenderBound &&= tried.lost === 0;
      isHeld = tried.lost === 0 && tried.perSecond >= perSecond * reached;
      tell(`${perSecond.toFixed(0)}/s asked, ${tried.perSecond.toFixed(0)}/s sent, ${tried.lost} lost`);
      if (tried.lost === 0 && tried.perSecond > found.perSecond) found = { ...found, ...tried };
    }
    if (!isHeld) return { ...found, isSenderBound };
  }
}

async function tryRate(
  receiver: Receiver,
  sending: ChildProcess,
  order: Omit<SendOrder, 'port'>,
): Promise<{ perSecond: number; cpuUs: number; lost: number }> {
  const before = await settled(receiver);
  const cpuBefore = processCpuSeconds(receiver.pid);
  const reported = once(sending, 'message') as Promise<[SendReport]>;
  sending.send({ ...order, port: receiver.port });
  const [{ sent, seconds }] = await reported;
  const lost = sent - ((await settled(receiver, before + sent)) - before);
  const cpuUs = ((processCpuSeconds(receiver.pid) - cpuBefore) / sent) * 1e6;
  return { perSecond: sent / seconds, cpuUs, lost };
}

/** What was received once that does not grow any more, or is all there is. */
async function settled(receiver: Receiver, all = Number.POSITIVE_INFINITY): Promise<number> {
  let last = await receiver.received();
  // A flush of statsd is a second apart.
  for (let still = 0; still < 8 && last < all; ) {
    await new Promise((done) => setTimeout(done, 200));
    const now = await receiver.received();
    still = now === last ? still + 1 : 0;
    last = now;
  }
  return last;
}
