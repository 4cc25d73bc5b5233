import type { OpenSink } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunnableSinkType, SinkContext } from '../src/index.ts';
import { aBatch, aContext, anOutgoing, someEvents } from './outgoing.ts';
import { until } from './sink-world.ts';

/** A target of its own for one test. */
export interface ContractTarget {
  readonly options: unknown;
  readonly context?: Partial<SinkContext>;
  /** The measured values that the target has, in any order; a repetition as often as it has it. */
  values(): Promise<readonly number[]> | readonly number[];
  /** Takes the target away; left out where nobody can notice. */
  goAway?(): Promise<void>;
  comeBack?(): Promise<void>;
  close(): Promise<void>;
}

export interface ContractFacts {
  readonly openTarget: () => Promise<ContractTarget>;
  /** What becomes of a batch that is sent twice: the target has it `once` or `twice`. */
  readonly sentTwice: 'once' | 'twice';
  readonly withinMs?: number;
}

/** What every sink type promises; run for each of them. */
export function describeSinkContract(
  type: RunnableSinkType,
  { openTarget, sentTwice, withinMs = 10_000 }: ContractFacts,
) {
  describe(`The sink type ${type.name}, as every sink type`, () => {
    let target: ContractTarget;
    let sink: OpenSink;
    const never = new AbortController().signal;
    const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
    const has = (wanted: readonly number[]) =>
      until(
        `the values ${wanted.length > 20 ? `1 to ${wanted.at(-1)}` : wanted}`,
        async () => JSON.stringify(sorted(await target.values())) === JSON.stringify(sorted(wanted)),
        withinMs,
      ).catch(async (error: Error) => {
        throw new Error(`${error.message}; it has ${sorted(await target.values()).slice(0, 50)}`);
      });
    beforeEach(async () => {
      target = await openTarget();
      sink = type.open(target.options as never, aContext(target.context));
    });
    afterEach(async () => {
      await sink.close();
      await target.close();
    });

    it('brings every event of a batch', async () => {
      expect(await sink.write(aBatch(someEvents(300)), never)).toEqual({ ok: true, refused: [] });
      await has(Array.from({ length: 300 }, (_, place) => place + 1));
    });

    it('brings batches one after the other', async () => {
      await sink.write(aBatch(someEvents(2)), never);
      expect(await sink.write(aBatch(someEvents(2, 3), { firstSeq: 3 }), never)).toEqual({ ok: true, refused: [] });
      await has([1, 2, 3, 4]);
    });

    it(`has a batch that is sent again ${sentTwice}`, async () => {
      const batch = aBatch(someEvents(3));
      await sink.write(batch, never);
      await sink.write(batch, never);
      await has(sentTwice === 'once' ? [1, 2, 3] : [1, 1, 2, 2, 3, 3]);
    });

    it('says why a target that is away takes nothing, and brings the batch when it is back', async (test) => {
      if (target.goAway === undefined) return test.skip('nobody can notice');
      await target.goAway();
      const away = await sink.write(aBatch(someEvents(3)), never);
      expect(away).toMatchObject({ ok: false, error: expect.stringMatching(/\w{3}/) });
      await target.comeBack?.();
      await until('the target to take it', async () => (await sink.write(aBatch(someEvents(3)), never)).ok, withinMs);
      await has([1, 2, 3]);
    });

    it('brings events with any text in them, and their neighbours', async () => {
      const label = 'a "b", c=d\\ e\nf;g|h:i#j@ü\u{1f600} ';
      const strange = anOutgoing({
        ...{ id: '0-2', values: [2], timeUs: someEvents(1, 2)[0]?.timeUs ?? 0, reason: 'status', outcome: 'failed' },
        series: { ...anOutgoing().series, labels: { environment: label, 'with.dot-dash': '\\', empty: '' } },
        detail: { message: 'said "no"\\\n, twice=2', isGood: false, nested: { deep: [1] } },
      });
      const events = [...someEvents(1), strange, ...someEvents(1, 3)];
      expect(await sink.write(aBatch(events), never)).toEqual({ ok: true, refused: [] });
      await has([1, 2, 3]);
    });

    it('leaves out what was not measured', async () => {
      const nothing = anOutgoing({ id: '0-2', values: [null], timeUs: someEvents(1, 2)[0]?.timeUs ?? 0 });
      expect(await sink.write(aBatch([...someEvents(1), nothing]), never)).toEqual({ ok: true, refused: [] });
      await has([1]);
    });

    it('ends soon when it is told to', async () => {
      const stop = new AbortController();
      stop.abort();
      const startMs = performance.now();
      await sink.write(aBatch(someEvents(1)), stop.signal);
      expect(performance.now() - startMs).toBeLessThan(3000);
    });

    it('may be closed twice', async () => {
      await sink.close();
      await sink.close();
    });
  });
}
