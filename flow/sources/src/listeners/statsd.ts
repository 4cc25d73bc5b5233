import { Type } from 'typebox';
import { HeldPort } from '../listening/held-port.ts';
import { defineListener } from '../listening/listener-type.ts';
import {
  connectionBounds,
  duration,
  hostAddress,
  isEnabled,
  millisecondsOf,
  portNumber,
  receiveBuffer,
} from '../listening/option-fields.ts';
import { StatsdWindow } from '../listening/statsd-window.ts';
import { openTcpPort } from '../listening/tcp-port.ts';
import { openUdpPort } from '../listening/udp-port.ts';

const protocols = ['udp', 'tcp'] as const;

const Options = Type.Object(
  {
    enabled: isEnabled(),
    host: hostAddress(),
    port: portNumber(8125),
    protocols: Type.Array(
      Type.Unsafe<(typeof protocols)[number]>(Type.Union(protocols.map((name) => Type.Literal(name)))),
      {
        description: 'With udp nobody hears what is lost; tcp loses nothing while the process lives',
        minItems: 1,
        uniqueItems: true,
        default: [...protocols],
      },
    ),
    flushEvery: duration('How long counters, gauges and sets are added up to one event each', '10s'),
    names: Type.Integer({
      description:
        'Names with their tags, and members of sets, that are held between two flushes; more are refused and counted',
      minimum: 1,
      maximum: 10_000_000,
      default: 100_000,
    }),
    openstackPrefix: Type.String({
      description:
        'What names begin with that openstacksdk reports; these become events `openstack.api`. Empty: none do',
      maxLength: 200,
      default: 'openstack.api',
    }),
    receiveBufferBytes: receiveBuffer(),
    ...connectionBounds,
  },
  { additionalProperties: false },
);

export default defineListener({
  name: 'statsd',
  summary:
    'Takes StatsD over UDP and TCP: counters, gauges and sets as one event per flush, every time and every other value as an event of its own; tags of DogStatsD.',
  options: Options,
  async open(options, context) {
    const { origin, outlet, counts, clock, logger } = context;
    const { host, port, receiveBufferBytes, names, openstackPrefix } = options;
    const window = new StatsdWindow({ origin, counts, names, openstackPrefix, emit: (event) => outlet.add(event) });
    const take = (bytes: Buffer) => window.add(bytes, Math.floor(clock.wallMs() * 1000));
    const openers = {
      udp: () => openUdpPort({ host, port, receiveBufferBytes, counts, onDatagram: take }),
      tcp: () => {
        const { connections, lineBytes, idleAfter } = options;
        const bounds = { connections, lineBytes, idleMs: millisecondsOf(idleAfter) };
        return openTcpPort({ host, port, ...bounds, counts, outlet, onLines: take });
      },
    };
    const held = options.protocols.map(
      (protocol) =>
        new HeldPort({ protocol, host, port, setting: 'listeners.statsd', clock, logger, open: openers[protocol] }),
    );
    await Promise.all(held.map((one) => one.start()));

    const stop = new AbortController();
    const everyMs = millisecondsOf(options.flushEvery);
    const flushing = (async () => {
      let lastMs = clock.nowMs();
      while (!stop.signal.aborted) {
        await clock.pause(everyMs, stop.signal);
        const nowMs = clock.nowMs();
        window.flush(Math.floor(clock.wallMs() * 1000), (nowMs - lastMs) / 1000);
        lastMs = nowMs;
      }
    })();
    return {
      places: () => held.flatMap(({ place }) => (place === undefined ? [] : [place])),
      async close() {
        await Promise.all(held.map((one) => one.close()));
        stop.abort();
        // Its last turn flushes what there is.
        await flushing;
      },
    };
  },
});
