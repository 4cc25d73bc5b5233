import { describe, expect, it } from 'vitest';
import { pagesInSight } from './monitor-pages.ts';

describe('pages of a long list', () => {
  it('are those in sight', () => {
    expect(pagesInSight([0, 30], 10)).toEqual([0]);
    expect(pagesInSight([190, 230], 10)).toEqual([1, 2]);
  });
  it('are asked for a little before their rows come in sight', () => {
    expect(pagesInSight([20, 59], 10)).toEqual([0]);
    expect(pagesInSight([25, 65], 10)).toEqual([0, 1]);
  });
  it('are never more than are known to be there', () => {
    expect(pagesInSight([80, 99], 1)).toEqual([0]);
    expect(pagesInSight([900, 940], 3)).toEqual([]);
  });
});
