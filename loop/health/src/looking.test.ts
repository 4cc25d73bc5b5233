import { describe, expect, it } from 'vitest';
import { lookAgain } from './looking.ts';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);

describe('Looking for silence', () => {
  it('goes on since its beginning while one look follows the other', () => {
    const first = lookAgain(undefined, at(0));
    expect(first).toEqual({ since: at(0), at: at(0) });
    expect(lookAgain(lookAgain(first, at(1)), at(9))).toEqual({ since: at(0), at: at(9) });
  });

  it('begins anew after a gap, in which nobody had a chance to report', () => {
    const before = lookAgain(lookAgain(undefined, at(0)), at(5));
    expect(lookAgain(before, at(300))).toEqual({ since: at(300), at: at(300) });
  });
});
