import { describe, expect, it } from 'vitest';
import { compareShares, type GroupCount } from './shares.ts';

const counted = (host: string, disk: string, count: number): GroupCount => ({ group: { host, disk }, count });

describe('a selection compared with all data', () => {
  const all = [
    counted('a', 'sda', 450),
    counted('b', 'sda', 450),
    counted('slow', 'sda', 80),
    counted('slow', 'sdb', 20),
  ];
  const selection = [counted('slow', 'sda', 80), counted('slow', 'sdb', 18), counted('a', 'sda', 2)];

  it('begins with the attribute that tells them apart, and names the value that it has more of', () => {
    const [first, second] = compareShares(selection, all, ['disk', 'host']);
    expect([first?.attribute, first?.top?.value]).toEqual(['host', 'slow']);
    expect(first?.top).toMatchObject({ selected: 98, selectedShare: 0.98, allShare: 0.1 });
    expect(first?.distance).toBeCloseTo(0.88);
    expect([second?.attribute, second?.top?.value]).toEqual(['disk', 'sdb']);
  });
  it('lists values with most of the selection first, and none that it does not have', () => {
    const [host] = compareShares(selection, all, ['host']);
    expect(host?.values.map(({ value }) => value)).toEqual(['slow', 'a']);
  });
  it('counts what was not said as a value of its own', () => {
    const [zone] = compareShares([{ group: { zone: '' }, count: 3 }], [{ group: {}, count: 3 }], ['zone']);
    expect(zone).toMatchObject({ top: { value: '', selectedShare: 1, allShare: 1 }, distance: 0 });
  });
  it('has no opinion on an empty selection', () => {
    expect(compareShares([], all, ['host'])).toEqual([{ attribute: 'host', values: [], top: undefined, distance: 0 }]);
  });
});
