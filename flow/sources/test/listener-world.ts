import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { systemClock } from '@watchkeeper/kit';
import type { LoggedEvent } from '@watchkeeper/model';
import { Value } from 'typebox/value';
import { logger, openTestLog } from '../../processor/test/log-on-test-database.ts';
import {
  type ListenerStats,
  type Listeners,
  listenerTypes,
  Receipt,
  RefusedInputWriter,
  startListeners,
} from '../src/index.ts';

export type ListenerName = keyof typeof listenerTypes;

/** Waits for a condition. @throws Error after 20 s */
export async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false) {
  const deadlineMs = performance.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited 20 s for ${what}`);
    await systemClock.pause(10);
  }
}

/** Listeners on a log of their own; each is opened on a free port when a test says so. */
export async function openListenerWorld() {
  const under = await openTestLog(1);
  const { store, eventLog } = under;
  const running: Listeners[] = [];
  const refusedInputs = new RefusedInputWriter({ store, clock: systemClock, logger });
  const receipt = new Receipt({ eventLog, clock: systemClock, holder: 'here', refusedInputs });
  return {
    ...{ ...under, refusedInputs },
    /** Opens one listener with options that differ from the defaults. */
    async open(
      name: ListenerName,
      given: Readonly<Record<string, unknown>> = {},
      { bufferEvents = 100_000, holder = 'here' }: { readonly bufferEvents?: number; readonly holder?: string } = {},
    ) {
      const options = Object.fromEntries(
        Object.entries(listenerTypes).map(([key, type]) => [
          key,
          Value.Default(type.options, key === name ? { port: 0, ...given } : { enabled: false }),
        ]),
      );
      const listeners = await startListeners({
        ...{ eventLog, receipt, refusedInputs, clock: systemClock, logger, holder, bufferEvents, options },
        origin: { tenant: 'default', attributes: {}, environment: 'production', zone: 'fra' },
      });
      running.push(listeners);
      const stats = () => listeners.stats()[0] as ListenerStats;
      const portOf = (protocol: 'udp' | 'tcp') => {
        const place = stats().places.find((one) => one.startsWith(protocol));
        if (place === undefined) throw new Error(`there is no ${protocol} among ${stats().places.join(', ')}`);
        return Number(place.split(':').at(-1));
      };
      return { listeners, stats, portOf };
    },
    /** Events of the log in its order, once there are so many. */
    async events(least: number): Promise<readonly LoggedEvent[]> {
      return until(`${least} events`, async () => {
        const { events } = await under.eventLog.read(0, { offset: 0, receivedUs: 0 }, 1_000_000);
        return events.length >= least && events;
      });
    },
    async close() {
      await Promise.all(running.map((one) => one.drain()));
      await refusedInputs.drain();
      await under.close();
    },
  };
}

export type ListenerWorld = Awaited<ReturnType<typeof openListenerWorld>>;

/** What a series and an event say, as tests compare it. */
export const plain = ({ series, values, outcome, reason }: LoggedEvent) => ({
  name: series.name,
  labels: {
    ...Object.fromEntries(
      (['environment', 'zone', 'host', 'guest', 'service'] as const)
        .filter((key) => series[key] !== '')
        .map((key) => [key, series[key]]),
    ),
    ...series.attributes,
  },
  values: Object.fromEntries(series.valueNames.map((name, index) => [name, values[index]])),
  ...(outcome === 'ok' ? {} : { outcome, reason }),
});

/** Sends datagrams one after the other. */
export async function sendDatagrams(port: number, datagrams: readonly (string | Buffer)[]): Promise<void> {
  const socket = createSocket('udp4');
  try {
    for (const datagram of datagrams)
      await new Promise<void>((done, fail) =>
        socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? done() : fail(error))),
      );
  } finally {
    await new Promise<void>((done) => socket.close(done));
  }
}

/** Opens a connection; what it gets is left alone. */
export async function openConnection(port: number) {
  const socket = connect(port, '127.0.0.1').resume();
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Sends text over a connection of its own and waits until the other side has closed it. */
export async function sendOverTcp(port: number, text: string | Buffer): Promise<void> {
  const socket = await openConnection(port);
  socket.end(text);
  await once(socket, 'close');
}
