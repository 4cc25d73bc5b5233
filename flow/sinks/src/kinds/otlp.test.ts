import { readProtobuf } from '@watchkeeper/formats';
import { expect, it } from 'vitest';
import { openHttpTarget } from '../../test/http-target.ts';
import { aBatch, aContext, anOutgoing, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import otlp from './otlp.ts';

const never = new AbortController().signal;

const inField = (bytes: Buffer, field: number) =>
  readProtobuf(bytes)
    .filter((one) => one.field === field)
    .map(({ value }) => value as Buffer);

/** Values of the gauge, from a message in Protocol Buffers or in JSON. */
function gaugeValues(body: Buffer, isJson: boolean): number[] {
  if (isJson) {
    const { resourceMetrics } = JSON.parse(body.toString()) as {
      resourceMetrics: { scopeMetrics: { metrics: { gauge?: { dataPoints: { asDouble: number }[] } }[] }[] }[];
    };
    return resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.flatMap(({ gauge }) => (gauge?.dataPoints ?? []).map(({ asDouble }) => asDouble)),
      ),
    );
  }
  return inField(body, 1)
    .flatMap((resourceMetrics) => inField(resourceMetrics, 2))
    .flatMap((scopeMetrics) => inField(scopeMetrics, 2))
    .flatMap((metric) => inField(metric, 5))
    .flatMap((gauge) => inField(gauge, 1))
    .flatMap((point) => inField(point, 4))
    .map((bytes) => bytes.readDoubleLE());
}

async function openTarget(encoding: 'protobuf' | 'json') {
  const target = await openHttpTarget();
  target.answer(() => ({ status: 200 }));
  return {
    ...target,
    options: { url: `${target.url}/v1/metrics`, encoding, headers: {} },
    values: () => target.taken.flatMap(({ body }) => gaugeValues(body, encoding === 'json')),
  };
}

describeSinkContract(otlp, { openTarget: () => openTarget('protobuf'), sentTwice: 'twice' });
describeSinkContract(otlp, { openTarget: () => openTarget('json'), sentTwice: 'twice' });

it('OTLP in JSON has a gauge with its unit, a sum that counts, attributes and nanoseconds', async () => {
  const target = await openTarget('json');
  const event = anOutgoing({ timeUs: 1_700_000_000_000_001, timeNs: 7 });
  await otlp.open(target.options, aContext()).write(aBatch([event]), never);
  const [request] = target.taken;
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json', 'content-encoding': 'gzip' });
  const { resourceMetrics } = JSON.parse(request?.body.toString() ?? '') as { resourceMetrics: unknown[] };
  const attributes = ['environment', 'service', 'status', 'outcome'].map((key) => expect.objectContaining({ key }));
  const timeUnixNano = '1700000000000001007';
  expect(resourceMetrics).toMatchObject([
    {
      resource: {
        attributes: expect.arrayContaining([{ key: 'service.name', value: { stringValue: 'watchkeeper' } }]),
      },
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'monitor.checked.events',
              sum: {
                aggregationTemporality: 1,
                isMonotonic: true,
                dataPoints: [{ attributes, timeUnixNano, asDouble: 1 }],
              },
            },
            {
              name: 'monitor.checked.durationMs',
              unit: 'ms',
              gauge: { dataPoints: [{ timeUnixNano, asDouble: 12.5 }] },
            },
          ],
        },
      ],
    },
  ]);
  await target.close();
});

it('What a receiver rejects of a request is counted, with what it says', async () => {
  const target = await openTarget('json');
  const partialSuccess = { rejectedDataPoints: '2', errorMessage: 'too many attributes' };
  target.answer(() => ({ status: 200, body: JSON.stringify({ partialSuccess }) }));
  const written = await otlp.open(target.options, aContext()).write(aBatch(someEvents(5)), never);
  const reason = expect.stringMatching(/2 points of 5 events from 0-1 to 0-5 were rejected.*too many attributes/);
  expect(written).toEqual({
    ok: true,
    refused: [
      { index: 0, reason },
      { index: 1, reason },
    ],
  });
  await target.close();
});
