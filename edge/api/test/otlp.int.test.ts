import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { OTLPMetricExporter as HttpExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { ProtobufWriter, readOtlpAnswer, readProtobuf } from '@watchkeeper/formats';
import { type LoggedEvent, WatchkeeperError } from '@watchkeeper/model';
import { type RunnableSinkType, sinkTypes } from '@watchkeeper/sinks';
import { readDeadLetters, readRefusedInputs } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAll } from '../../../flow/log/test/log-contract.ts';
import { aBatch, aContext, anOutgoing } from '../../../flow/sinks/test/outgoing.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

let world: ApiWorld;
let url = '';
let key = '';
beforeAll(async () => {
  world = await openApiWorld({ newSeries: { perRequest: 50, perKey: 100_000, perKeyAndMinute: 1 } });
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(world.app.server.address() as AddressInfo).port}/v1/metrics`;
  key = (await world.makeKey('ingest')).text;
});
afterAll(() => world.close());

let names = 0;
const aName = () => `measured.${++names}`;
async function eventsOf(name: string): Promise<LoggedEvent[]> {
  return (await readAll(world.eventLog)).filter(({ series }) => series.name === name);
}

const json = (metrics: unknown) => JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
const gauge = (name: string, ...dataPoints: unknown[]) => ({ name, gauge: { dataPoints } });
const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: body as string,
  });

describe.each([
  ['exporter-metrics-otlp-proto', ProtoExporter],
  ['exporter-metrics-otlp-http', HttpExporter],
])('The npm package @opentelemetry/%s, unchanged', (_title, Exporter) => {
  it('brings counters, gauges, histograms of both kinds and their attributes', async () => {
    const own = aName();
    const exporter = new Exporter({ url, headers: { authorization: `Bearer ${key}` } });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({
      readers: [reader],
      views: [{ instrumentName: '*.sizes', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    });
    const meter = provider.getMeter('shop', '1.0');
    meter.createCounter(`${own}.orders`, { unit: 'By' }).add(3, { method: 'GET', retries: 2 });
    meter.createUpDownCounter(`${own}.open`).add(-4);
    meter.createHistogram(`${own}.latency`, { unit: 'ms' }).record(12);
    meter.createHistogram(`${own}.sizes`).record(7);
    meter.createObservableGauge(`${own}.load`).addCallback((result) => result.observe(0.75));
    await provider.forceFlush();
    await provider.shutdown();

    const [orders] = await eventsOf(`${own}.orders`);
    expect(orders).toMatchObject({
      values: [3],
      series: {
        ...{ tenant: 'default', service: expect.stringContaining('unknown_service'), valueNames: ['totalBytes'] },
        attributes: { method: 'GET', retries: '2', 'otel.scope.name': 'shop', 'otel.scope.version': '1.0' },
      },
    });
    expect((await eventsOf(`${own}.open`))[0]).toMatchObject({ values: [-4], series: { valueNames: ['value'] } });
    expect((await eventsOf(`${own}.load`))[0]).toMatchObject({ values: [0.75], series: { valueNames: ['value'] } });
    const [latency] = await eventsOf(`${own}.latency`);
    expect(latency).toMatchObject({
      values: [1, 12, 12, 12],
      series: { valueNames: ['countTotal', 'sumTotalMs', 'minMs', 'maxMs'] },
    });
    const { bounds, counts } = Object(latency?.detail?.buckets) as { bounds: number[]; counts: number[] };
    expect(counts[bounds.findIndex((bound) => bound >= 12)]).toBe(1);
    const [sizes] = await eventsOf(`${own}.sizes`);
    expect(sizes).toMatchObject({ values: [1, 7, 7, 7], detail: { buckets: { positive: { counts: [1] } } } });
  });
});

it.each(['protobuf', 'json'] as const)('Our own sink writes %s into it, and the values come back', async (encoding) => {
  const own = aName();
  const { default: type } = (await sinkTypes.otlp()) as unknown as { default: RunnableSinkType };
  const headers = { authorization: `Bearer ${key}` };
  const sink = type.open({ url, encoding, headers }, aContext());
  const { series } = anOutgoing();
  const events = [12.5, 1e9].map((value, at) =>
    anOutgoing({ series: { ...series, name: own }, values: [value], timeNs: at + 1 }),
  );
  const written = await sink.write(aBatch(events), new AbortController().signal);
  expect(written).toEqual({ ok: true, refused: [] });
  const stored = await eventsOf(`${own}.durationMs`);
  expect(stored.map(({ values, timeUs, timeNs }) => [values, timeUs, timeNs])).toEqual([
    [[12.5], events[0]?.timeUs, 1],
    [[1e9], events[1]?.timeUs, 2],
  ]);
  expect(stored[0]?.series).toMatchObject({ environment: 'production', service: 'shop', valueNames: ['valueMs'] });
  expect(stored[0]?.series.attributes).toMatchObject({ status: '200', outcome: 'ok' });
  expect((await eventsOf(`${own}.events`)).map(({ values }) => values)).toEqual([[1], [1]]);
});

describe('Answers of OTLP/HTTP', () => {
  it('are empty where everything was taken, also where there was nothing', async () => {
    for (const body of [json([gauge(aName(), { asInt: 1 })]), '{}', json([])]) {
      const answer = await send(body);
      expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
        200,
        'application/json',
        '{}',
      ]);
    }
    const answer = await send('', { 'content-type': 'application/x-protobuf' });
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'application/x-protobuf',
      '',
    ]);
  });

  it('tell how many points were rejected and why, in the encoding of the request, and the good ones are stored', async () => {
    const own = aName();
    const answer = await send(gzipSync(json([gauge(own, { asInt: 1 }, { asDouble: 'NaN' }, { asInt: 2 })])), {
      'content-encoding': 'gzip',
    });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      {
        partialSuccess: {
          rejectedDataPoints: '1',
          errorMessage: `resourceMetrics[0].scopeMetrics[0].metrics[0] (${own}), point 1: the value is not a number of at most 1e+290 either way`,
        },
      },
    ]);
    expect((await eventsOf(own)).map(({ values }) => values[0])).toEqual([1, 2]);

    const metric = (name: string) =>
      new ProtobufWriter().text(1, name).message(5, new ProtobufWriter().message(1, new ProtobufWriter().double(4, 5)));
    const within = (field: number, inner: ProtobufWriter) => new ProtobufWriter().message(field, inner);
    const body = within(1, new ProtobufWriter().message(2, within(2, metric('')).message(2, metric(own)))).finish();
    const second = await send(body, { 'content-type': 'application/x-protobuf' });
    expect(readOtlpAnswer(Buffer.from(await second.arrayBuffer()), false)).toEqual({
      rejectedPoints: 1,
      message: 'resourceMetrics[0].scopeMetrics[0].metrics[0]: has no name, or one that is not UTF-8',
    });
    expect(await eventsOf(own)).toHaveLength(3);
  });

  it('tell of series that are too many, which are counted and kept as examples', async () => {
    const own = aName();
    const points = Array.from({ length: 60 }, (_, n) => ({
      asInt: n,
      attributes: [{ key: 'n', value: { stringValue: `${n}` } }],
    }));
    const answer = await send(json([gauge(own, ...points)]));
    expect(await answer.json()).toEqual({
      partialSuccess: { rejectedDataPoints: '10', errorMessage: 'too many new series in one request (10 points)' },
    });
    expect(await eventsOf(own)).toHaveLength(50);
    const counted = async () =>
      (await readRefusedInputs(world.store.db, 10)).find(({ reason }) => reason === 'series_request_limit');
    await expect.poll(counted, { timeout: 5000 }).toMatchObject({
      ...{ door: 'v1/metrics', keyName: 'ingest of default', count: 10, tenant: 'default' },
      example: expect.stringContaining(own),
    });
  });

  it('are a Status with a code where the request is refused as a whole', async () => {
    const first = await send('{"resourceMetrics":');
    expect([first.status, await first.json()]).toMatchObject([
      400,
      { code: 3, message: expect.stringContaining('JSON') },
    ]);
    const second = await send(Buffer.from([0x0a, 0xff]), { 'content-type': 'application/x-protobuf' });
    const [code, message] = readProtobuf(Buffer.from(await second.arrayBuffer()));
    expect([second.status, second.headers.get('content-type'), code]).toEqual([
      400,
      'application/x-protobuf',
      { field: 1, value: 3 },
    ]);
    expect(String(message?.value)).toContain('Protocol Buffers');
    expect((await send('{}', { 'content-type': 'text/plain' })).status).toBe(415);
    const wrong = await send('{}', { authorization: 'Bearer nothing' });
    expect([wrong.status, await wrong.json()]).toMatchObject([401, { code: 16 }]);
    const kept = async () => (await readDeadLetters(world.store.db, { limit: 10, reason: 'body_malformed' })).length;
    await expect.poll(kept, { timeout: 5000 }).toBe(2);
  });

  it('ask to come again by 503 while the log does not take events', async () => {
    const full = () => Promise.reject(new WatchkeeperError('log_overloaded', 'full'));
    const stats = () => world.receipt.stats();
    const receipt = { take: full, takeNumbered: full, countUnreadable: () => undefined, stats };
    const small = await openApiWorld({ receipt });
    try {
      const answer = await small.ask('POST /v1/metrics', { body: json([gauge('x', { asInt: 1 })]) });
      expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toEqual([
        503,
        '2',
        { code: 14, message: 'full' },
      ]);
    } finally {
      await small.close();
    }
  });

  it('do not store the same body twice where every point has its time', async () => {
    const own = aName();
    const timed = json([gauge(own, { asInt: 1, timeUnixNano: '1700000000000000000' })]);
    for (let n = 0; n < 3; n++) expect((await send(timed)).status).toBe(200);
    expect(await eventsOf(own)).toHaveLength(1);
    const untimed = json([gauge(own, { asInt: 2 })]);
    for (let n = 0; n < 2; n++) await send(untimed);
    expect(await eventsOf(own)).toHaveLength(3);
  });
});
