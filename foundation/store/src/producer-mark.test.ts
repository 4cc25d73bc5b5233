import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ProducerMark, takeNewer } from './producer-mark.ts';

const aMark = (given: Partial<ProducerMark> = {}): ProducerMark => ({ epoch: 1, lastSeq: 0, missing: [], ...given });

describe('The mark of a producer', () => {
  it('takes what is newer and leaves out what is stored', () => {
    const mark = aMark({ lastSeq: 5 });
    expect(takeNewer(mark, { epoch: 1, firstSeq: 4, count: 4 })).toEqual([2, 3]);
    expect(mark).toEqual({ epoch: 1, lastSeq: 7, missing: [] });
  });

  it('fences an older start and begins anew with a newer one', () => {
    const mark = aMark({ epoch: 3, lastSeq: 5, missing: [1, 2] });
    expect(takeNewer(mark, { epoch: 2, firstSeq: 6, count: 1 })).toBeUndefined();
    expect(takeNewer(mark, { epoch: 4, firstSeq: 1, count: 2 })).toEqual([0, 1]);
    expect(mark).toEqual({ epoch: 4, lastSeq: 2, missing: [] });
  });

  it('remembers a gap and takes each late number once', () => {
    const mark = aMark({ lastSeq: 10 });
    expect(takeNewer(mark, { epoch: 1, firstSeq: 21, count: 5 })).toEqual([0, 1, 2, 3, 4]);
    expect(mark.missing).toEqual([11, 20]);
    expect(takeNewer(mark, { epoch: 1, firstSeq: 14, count: 2 })).toEqual([0, 1]);
    expect(mark.missing).toEqual([11, 13, 16, 20]);
    expect(takeNewer(mark, { epoch: 1, firstSeq: 11, count: 10 })).toEqual([0, 1, 2, 5, 6, 7, 8, 9]);
    expect(mark).toEqual({ epoch: 1, lastSeq: 25, missing: [] });
  });

  it('counts rows that must not be stored as sent', () => {
    const mark = aMark();
    expect(takeNewer(mark, { epoch: 1, firstSeq: 1, count: 3 }, new Set([1]))).toEqual([0, 2]);
    expect(takeNewer(mark, { epoch: 1, firstSeq: 1, count: 3 })).toEqual([]);
  });

  it('takes every number of any shuffled, repeated stream of batches exactly once', () => {
    const batches = fc
      .array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 30 })
      .map((sizes) =>
        sizes.map((count, index) => ({ firstSeq: 1 + sizes.slice(0, index).reduce((a, b) => a + b, 0), count })),
      );
    const orders = batches.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    fc.assert(
      fc.property(orders, ([all, order]) => {
        const mark = aMark();
        const taken = order.flatMap((batch) =>
          (takeNewer(mark, { epoch: 1, ...batch }) ?? []).map((row) => batch.firstSeq + row),
        );
        const count = all.reduce((sum, batch) => sum + batch.count, 0);
        expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
        expect(mark.missing).toEqual([]);
      }),
    );
  });
});
