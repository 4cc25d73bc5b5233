import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Prometheus, startPrometheus } from '../../../../scripts/servers/prometheus.ts';
import { aBatch, aContext, anOutgoing, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import remoteWrite from './prometheus-remote-write.ts';

const isMissing = (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes('promtool');

describe.skipIf(isMissing)('With a real Prometheus', () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await startPrometheus();
  });
  afterAll(() => prometheus?.stop());

  /** Names of its own in the one server. */
  async function openTarget() {
    const prefix = `t${crypto.randomUUID().replaceAll('-', '')}_`;
    return {
      prefix,
      options: { url: `${prometheus.url}/api/v1/write`, prefix, headers: {} },
      values: async () => {
        const series = await prometheus.query(`{__name__=~"${prefix}.*"}[2h]`);
        return series.flatMap(({ values = [] }) => values.map(([, value]) => Number(value)));
      },
      goAway: prometheus.kill,
      comeBack: prometheus.start,
      close: async () => undefined,
    };
  }

  // A sample that it has already is taken once more without a word.
  describeSinkContract(remoteWrite, { openTarget, sentTwice: 'once' });

  it('tells of samples that come too late, and has the others', async () => {
    const target = await openTarget();
    const sink = remoteWrite.open(target.options, aContext());
    const signal = new AbortController().signal;
    await sink.write(aBatch([anOutgoing({ values: [100] })]), signal);
    const other = { ...anOutgoing().series, labels: { environment: 'staging' } };
    const written = await sink.write(aBatch([...someEvents(1), anOutgoing({ series: other, values: [7] })]), signal);
    expect(written).toEqual({
      ok: true,
      refused: [{ index: 0, reason: expect.stringMatching(/answered 400: .*out of order/) }],
    });
    expect((await target.values()).toSorted((a, b) => a - b)).toEqual([7, 100]);
  });
});
