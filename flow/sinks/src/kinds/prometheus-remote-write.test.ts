import { readProtobuf } from '@watchkeeper/formats';
import { uncompress } from 'snappyjs';
import { expect, it } from 'vitest';
import { openHttpTarget } from '../../test/http-target.ts';
import { aBatch, aContext, anOutgoing } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import remoteWrite from './prometheus-remote-write.ts';

const never = new AbortController().signal;
const inField = (bytes: Buffer, field: number) =>
  readProtobuf(bytes)
    .filter((one) => one.field === field)
    .map(({ value }) => value);

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeMs: number;
  readonly value: number;
}

/** A receiver that reads requests as the format says. */
async function openTarget() {
  const target = await openHttpTarget();
  const samples = (): Sample[] =>
    target.taken
      .flatMap(({ body }) => inField(Buffer.from(uncompress(body)), 1) as Buffer[])
      .flatMap((series) => {
        const labels = Object.fromEntries(
          (inField(series, 1) as Buffer[]).map((label) => [String(inField(label, 1)[0]), String(inField(label, 2)[0])]),
        );
        return (inField(series, 2) as Buffer[]).map((sample) => ({
          labels,
          timeMs: inField(sample, 2)[0] as number,
          value: (inField(sample, 1)[0] as Buffer).readDoubleLE(),
        }));
      });
  return {
    ...{ ...target, samples, options: { url: `${target.url}/api/v1/write`, prefix: 'wk_', headers: {} } },
    values: () => samples().map(({ value }) => value),
  };
}

describeSinkContract(remoteWrite, { openTarget, sentTwice: 'twice' });

it('A sample has its name among the labels, sorted, and whole milliseconds', async () => {
  const target = await openTarget();
  await remoteWrite
    .open(target.options, aContext())
    .write(aBatch([anOutgoing({ timeUs: 1_700_000_000_123_900 })]), never);
  expect(target.samples()).toEqual([
    {
      labels: {
        __name__: 'wk_monitor_checked_durationMs',
        ...{ environment: 'production', outcome: 'ok', service: 'shop', status: '200' },
      },
      ...{ timeMs: 1_700_000_000_123, value: 12.5 },
    },
  ]);
  expect(Object.keys(target.samples()[0]?.labels ?? {})).toEqual([
    '__name__',
    'environment',
    'outcome',
    'service',
    'status',
  ]);
  expect(target.taken[0]?.headers).toMatchObject({
    ...{ 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    'x-prometheus-remote-write-version': '0.1.0',
  });
  await target.close();
});

it('A second event of a series in one millisecond is refused with the reason, not lost in silence', async () => {
  const target = await openTarget();
  const written = await remoteWrite.open(target.options, aContext()).write(aBatch([anOutgoing(), anOutgoing()]), never);
  expect(written).toEqual({
    ok: true,
    refused: [{ index: 1, reason: expect.stringMatching(/one sample per series and millisecond/) }],
  });
  await target.close();
});
