import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Sharer, shareOut } from './share-out.ts';

const free = (...names: string[]) => names.map((name) => ({ name, holder: undefined }));
const shares = (plan: ReadonlyMap<string, string>, ...holders: string[]) =>
  holders.map((holder) => [...plan.values()].filter((value) => value === holder).length);

describe('Sharing out leases', () => {
  it('gives everything to the only one', () => {
    expect([...shareOut(free('0', '1', '2'), [{ holder: 'a' }]).values()]).toEqual(['a', 'a', 'a']);
  });

  it('divides evenly', () => {
    const plan = shareOut(free('0', '1', '2', '3', '4'), [{ holder: 'a' }, { holder: 'b' }]);
    expect(shares(plan, 'a', 'b')).toEqual([3, 2]);
  });

  it('moves no more than it must when somebody joins', () => {
    const things = ['0', '1', '2', '3'].map((name) => ({ name, holder: 'a' }));
    const plan = shareOut(things, [{ holder: 'a' }, { holder: 'b' }]);
    expect(shares(plan, 'a', 'b')).toEqual([2, 2]);
    const settled = [...plan].map(([name, holder]) => ({ name, holder }));
    expect(shareOut(settled, [{ holder: 'a' }, { holder: 'b' }])).toEqual(plan);
  });

  it('gives a thing only to one that can work on it', () => {
    const sharers: Sharer[] = [
      { holder: 'a', serves: new Set(['local']) },
      { holder: 'b', serves: new Set(['local', 'remote']) },
    ];
    expect(Object.fromEntries(shareOut(free('local', 'remote', 'nowhere'), sharers))).toEqual({
      local: 'a',
      remote: 'b',
    });
  });

  it('leaves what a stranger holds alone', () => {
    const things = [{ name: '0', holder: 'stranger' }, ...free('1')];
    expect(Object.fromEntries(shareOut(things, [{ holder: 'a' }]))).toEqual({ 1: 'a' });
  });

  it('leaves nothing that can be held unheld, and nobody with two more than another who could take one', () => {
    const names = ['0', '1', '2', '3', '4', '5', '6'];
    const holders = ['a', 'b', 'c'];
    const sharers = fc.array(fc.record({ holder: fc.constantFrom(...holders), serves: fc.subarray(names) }), {
      minLength: 1,
    });
    const owners = fc.array(fc.option(fc.constantFrom(...holders), { nil: undefined }), { minLength: 7, maxLength: 7 });
    fc.assert(
      fc.property(sharers, owners, (given, held) => {
        const unique = [
          ...new Map(given.map(({ holder, serves }) => [holder, { holder, serves: new Set(serves) }])).values(),
        ];
        const things = names.map((name, index) => {
          const holder = held[index];
          const owner = unique.find((sharer) => sharer.holder === holder);
          return { name, holder: owner?.serves.has(name) ? holder : undefined };
        });
        const plan = shareOut(things, unique);
        for (const name of names) {
          const able = unique.filter(({ serves }) => serves.has(name));
          expect(plan.has(name)).toBe(able.length > 0);
          const holder = plan.get(name);
          if (holder === undefined) continue;
          expect(able.map((sharer) => sharer.holder)).toContain(holder);
          const [own = 0] = shares(plan, holder);
          for (const other of able) expect(own).toBeLessThanOrEqual((shares(plan, other.holder)[0] ?? 0) + 1);
        }
      }),
    );
  });
});
