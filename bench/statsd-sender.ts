/** Sends datagrams of StatsD at a steady rate; a process of its own, told what to do by messages. */
import { createSocket } from 'node:dgram';
import { setImmediate } from 'node:timers/promises';

export interface SendOrder {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  /** Metrics in one datagram. */
  readonly metrics: number;
}

export interface SendReport {
  readonly sent: number;
  /** How long that took. */
  readonly seconds: number;
}

/** Names of metrics; four of five are counters, the others gauges. */
const names = 500;
/** Datagrams that are not made anew. */
const kept = 1000;

function makeDatagrams(metrics: number): Buffer[] {
  return Array.from({ length: kept }, (_, datagram) =>
    Buffer.from(
      Array.from({ length: metrics }, (_, place) => {
        const name = (datagram * metrics + place) % names;
        return `shop.checkout.step${name}:${1 + (place % 9)}|${name % 5 === 0 ? 'g' : 'c'}`;
      }).join('\n'),
    ),
  );
}

async function send({ port, perSecond, seconds, metrics }: SendOrder): Promise<SendReport> {
  const datagrams = makeDatagrams(metrics);
  const socket = createSocket({ type: 'udp4', sendBufferSize: 4_194_304 });
  await new Promise<void>((done) => socket.connect(port, '127.0.0.1', done));
  const startedMs = performance.now();
  const total = Math.round(perSecond * seconds);
  let sent = 0;
  let failed: Error | undefined;
  const told = (error: Error | null) => {
    failed ??= error ?? undefined;
  };
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1000) * perSecond));
    // What is late is not made up for all at once: that would be a burst that nobody asked for.
    for (const until = Math.min(due, sent + 200); sent < until; sent++)
      socket.send(datagrams[sent % kept] as Buffer, told);
    await setImmediate();
  }
  const tookSeconds = (performance.now() - startedMs) / 1000;
  await new Promise<void>((done) => socket.close(done));
  if (failed !== undefined) throw failed;
  return { sent, seconds: tookSeconds };
}

process.on('message', async (order: SendOrder) => process.send?.(await send(order)));
