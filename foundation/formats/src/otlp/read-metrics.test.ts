import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufWriter } from '../protobuf/writer.ts';
import { OtlpReading, parseOtlpJson, parseOtlpProtobuf } from './read-metrics.ts';
import { otlpJson, otlpProtobuf } from './write.ts';

const receivedUs = 1_700_000_000_000_000;
const timeUnixNano = '1699999999000000123';

function readAll(request: unknown) {
  const reading = new OtlpReading(request, { tenant: 'acme', receivedUs });
  while (reading.read(7)) expect(reading.events.length).toBeGreaterThanOrEqual(0);
  return reading;
}

const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
/** A request with these metrics, in JSON and read. */
const read = (metrics: unknown, resource: unknown[] = [], scope: unknown = undefined) =>
  readAll(
    parseOtlpJson(
      Buffer.from(
        JSON.stringify({
          resourceMetrics: [{ resource: { attributes: resource }, scopeMetrics: [{ scope, metrics }] }],
        }),
      ),
    ),
  );
const gauge = (point: unknown, more: object = {}) => ({ name: 'cpu', gauge: { dataPoints: [point] }, ...more });

describe('Metrics of OpenTelemetry', () => {
  it('become events: resource, scope and attributes make the series, the unit ends the name of the value', () => {
    const { events, rejections } = read(
      [
        gauge(
          { timeUnixNano, asDouble: 1.5, attributes: [text('state', 'idle'), text('host', 'own')] },
          { unit: 'ms' },
        ),
      ],
      [text('service.name', 'shop'), text('host.name', 'node-1'), text('deployment.environment', 'production')],
      { name: 'meter', version: '1.2', attributes: [text('team', 'a')] },
    );
    expect(rejections).toEqual([]);
    expect(events).toEqual([
      {
        ...{ timeUs: 1_699_999_999_000_000, timeNs: 123, outcome: 'ok', values: [1.5] },
        series: {
          ...{ tenant: 'acme', environment: 'production', zone: '', host: 'own', guest: '', service: 'shop' },
          ...{ name: 'cpu', source: '', valueNames: ['valueMs'] },
          attributes: {
            ...{ 'host.name': 'node-1', state: 'idle' },
            ...{ 'otel.scope.name': 'meter', 'otel.scope.version': '1.2', 'otel.scope.team': 'a' },
          },
        },
      },
    ]);
  });

  it.each([
    [1, true, 'increaseBytes'],
    [2, true, 'totalBytes'],
    [2, false, 'valueBytes'],
  ])('sums of temporality %d, monotonic %s, have the value %s', (aggregationTemporality, isMonotonic, name) => {
    const sum = { aggregationTemporality, isMonotonic, dataPoints: [{ timeUnixNano, asInt: '9007199254740993' }] };
    const [event] = read([{ name: 'sent', unit: 'By', sum }]).events;
    expect(event?.series.valueNames).toEqual([name]);
    expect(event?.detail).toEqual({ [name]: '9007199254740993' });
  });

  it('histograms keep their buckets, exponential ones too, and summaries their quantiles', () => {
    const common = { timeUnixNano, count: '3', sum: 6.5 };
    const { events, rejections } = read([
      {
        ...{ name: 'latency', unit: 's' },
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ ...common, min: 0.5, max: 4, bucketCounts: ['1', '2'], explicitBounds: [1] }],
        },
      },
      {
        name: 'size',
        exponentialHistogram: {
          aggregationTemporality: 1,
          dataPoints: [{ ...common, scale: 3, zeroCount: '1', positive: { offset: -2, bucketCounts: ['0', '2'] } }],
        },
      },
      {
        name: 'rpc',
        summary: {
          dataPoints: [
            {
              ...common,
              quantileValues: [
                { quantile: 0, value: 1 },
                { quantile: 0.5, value: 2 },
                { quantile: 0.999, value: 3 },
              ],
            },
          ],
        },
      },
    ]);
    expect(rejections).toEqual([]);
    expect(events.map(({ series, values, detail }) => [series.valueNames, values, detail])).toEqual([
      [
        ['countTotal', 'sumTotalSeconds', 'minSeconds', 'maxSeconds'],
        [3, 6.5, 0.5, 4],
        { buckets: { bounds: [1], counts: [1, 2] } },
      ],
      [
        ['count', 'sum', 'min', 'max'],
        [3, 6.5, null, null],
        {
          buckets: {
            ...{ scale: 3, zeroCount: 1, zeroThreshold: 0, positive: { offset: -2, counts: [0, 2] } },
            negative: { offset: 0, counts: [] },
          },
        },
      ],
      [['countTotal', 'sumTotal', 'min', 'p50', 'p99.9'], [3, 6.5, 1, 2, 3], undefined],
    ]);
  });

  it('say what was not measured, and what has no time is of now', () => {
    const reading = read([gauge({ flags: 1, timeUnixNano }), gauge({ asInt: 5 })]);
    expect(reading.events.map(({ values, timeUs }) => [values, timeUs])).toEqual([
      [[null], 1_699_999_999_000_000],
      [[5], receivedUs],
    ]);
    expect(reading.isTimed).toBe(false);
  });

  it('of any type of attribute are kept as text', () => {
    const attributes = [
      { key: 'int', value: { intValue: '-5' } },
      { key: 'bool', value: { boolValue: true } },
      { key: 'double', value: { doubleValue: 0.5 } },
      { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: 1 }] } } },
      { key: 'map', value: { kvlistValue: { values: [text('k', 'v')] } } },
      { key: 'bytes', value: { bytesValue: 'AQI=' } },
      { key: 'none', value: {} },
    ];
    expect(read([gauge({ timeUnixNano, asInt: 1, attributes })]).events[0]?.series.attributes).toEqual({
      ...{ int: '-5', bool: 'true', double: '0.5', list: '["a","1"]', map: '{"k":"v"}', bytes: 'AQI=', none: '' },
    });
  });

  it.each([
    [{ timeUnixNano }, 'has neither asDouble nor asInt'],
    [{ timeUnixNano, asDouble: 'Infinity' }, 'the value is not a number of at most 1e+290 either way'],
    [{ timeUnixNano, asDouble: 1e300 }, 'the value is not a number of at most 1e+290 either way'],
    [{ timeUnixNano: '-5', asInt: 1 }, 'timeUnixNano must be nanoseconds since 1970, a whole number'],
    [{ timeUnixNano: '1800000000000000000', asInt: 1 }, 'timeUnixNano lies more than a day in the future'],
    [{ timeUnixNano, asInt: 1, attributes: [text('a', 'x'), text('a', 'y')] }, 'the attribute a stands there twice'],
    [{ timeUnixNano, asInt: 1, attributes: [text('a', '\0')] }, 'the attribute a holds NUL or half a surrogate pair'],
    [
      { timeUnixNano, asInt: 1, attributes: Array.from({ length: 65 }, (_, n) => text(`a${n}`, 'x')) },
      'has 65 attributes with those of its resource and scope; at most 64 are kept',
    ],
    ['nothing', 'must be an object'],
  ])('that cannot be taken name their place and their reason, and cost no neighbour (%#)', (point, reason) => {
    const good = { timeUnixNano, asInt: 7 };
    const reading = read([{ name: 'cpu', gauge: { dataPoints: [good, point, good] } }, gauge(good)]);
    expect(reading.events.length).toBe(3);
    expect(reading.rejectedPoints).toBe(1);
    expect(reading.rejections).toMatchObject([
      { place: 'resourceMetrics[0].scopeMetrics[0].metrics[0] (cpu), point 1', reason, points: 1 },
    ]);
  });

  it('without a name, a type or a temporality are lost as a whole, with the number of their points', () => {
    const dataPoints = [{ asInt: 1 }, { asInt: 2 }];
    const reading = read([
      { gauge: { dataPoints } },
      { name: 'new' },
      { name: 'sum', sum: { dataPoints } },
      { name: 'odd', gauge: [] },
      { name: 'odd', gauge: { dataPoints: {} } },
      gauge({ asInt: 3 }),
    ]);
    expect(reading.rejections.map(({ points, reason }) => [points, reason])).toEqual([
      [2, 'has no name, or one that is not UTF-8'],
      [1, 'has none of gauge, sum, histogram, exponentialHistogram, summary'],
      [2, 'aggregationTemporality must be 1 (delta) or 2 (cumulative)'],
      [1, 'gauge must be an object'],
      [1, 'dataPoints must be a list'],
    ]);
    expect(reading.events.length).toBe(1);
  });
});

describe('Bytes', () => {
  const metrics = [
    {
      name: 'a',
      kind: 'gauge',
      unit: 'ms',
      points: [{ attributes: { x: 'ü' }, timeNs: 1_699_999_999_000_000_123n, value: -0.5 }],
    },
    {
      name: 'b',
      kind: 'delta',
      unit: '{event}',
      points: [{ attributes: {}, timeNs: 1_699_999_999_000_000_000n, value: 1 }],
    },
  ] as const;

  it('that our own writer makes are the same as its JSON', () => {
    const resource = { 'service.name': 'watchkeeper' };
    const fromBytes = readAll(parseOtlpProtobuf(otlpProtobuf(metrics, resource)));
    const fromJson = readAll(parseOtlpJson(Buffer.from(otlpJson(metrics, resource))));
    expect(fromBytes.events).toEqual(fromJson.events);
    expect(fromBytes.events.map(({ series, values }) => [series.valueNames, values])).toEqual([
      [['valueMs'], [-0.5]],
      [['increase'], [1]],
    ]);
  });

  it('with text that is not UTF-8 cost what has the text and nothing else', () => {
    const point = new ProtobufWriter().double(4, 1);
    const metric = (name: Uint8Array) =>
      new ProtobufWriter().bytes(1, name).message(5, new ProtobufWriter().message(1, point));
    const scoped = new ProtobufWriter()
      .message(2, metric(Buffer.from([0xff, 0xfe])))
      .message(2, metric(Buffer.from('ok')));
    const body = new ProtobufWriter().message(1, new ProtobufWriter().message(2, scoped)).finish();
    const reading = readAll(parseOtlpProtobuf(body));
    expect(reading.events.map(({ series }) => series.name)).toEqual(['ok']);
    expect(reading.rejections[0]?.reason).toBe('has no name, or one that is not UTF-8');
  });

  it('that are no message, are nested without end or grow without end are refused', () => {
    let deep = new ProtobufWriter();
    for (let n = 0; n < 501; n++) deep = new ProtobufWriter().message(n % 2 === 0 ? 5 : 1, deep);
    const point = new ProtobufWriter().message(7, new ProtobufWriter().message(2, deep));
    const within = (field: number, inner: ProtobufWriter) => new ProtobufWriter().message(field, inner);
    const body = within(1, within(2, within(2, within(5, within(1, point))))).finish();
    expect(() => parseOtlpProtobuf(body)).toThrow(/100 deep/);
    const empties = Buffer.alloc(4_000_000);
    for (let at = 0; at < empties.length; at += 2) empties[at] = 0x0a;
    expect(() => parseOtlpProtobuf(empties)).toThrow(/more than 1000000 messages/);
    expect(() => parseOtlpProtobuf(otlpProtobuf(metrics, {}).subarray(0, 20))).toThrow(RangeError);
    expect(() => parseOtlpJson(Buffer.from([0x7b, 0xff, 0x7d]))).toThrow('the body is not UTF-8');
  });

  it('of any kind never end in anything but a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(200), (noise, at) => {
        const good = otlpProtobuf(metrics, { a: 'b' });
        const bytes = Buffer.concat([good.subarray(0, at), noise, good.subarray(at)]);
        try {
          readAll(parseOtlpProtobuf(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
    fc.assert(fc.property(fc.jsonValue(), (value) => void readAll(value)));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { events, rejectedPoints } = read([gauge(value), { name: 'x', histogram: value }, gauge({ asInt: 1 })]);
        expect(events.length).toBeGreaterThanOrEqual(1);
        expect(rejectedPoints).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
