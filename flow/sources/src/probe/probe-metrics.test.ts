import { describe, expect, it } from 'vitest';
import { addressHash } from './probe-metrics.ts';

describe('The hash of an address', () => {
  it('is that of blackbox_exporter', () => {
    expect(addressHash('127.0.0.1')).toBe(3668918509);
    // FNV-1a over the sixteen bytes, as Go writes them.
    expect(addressHash('::1')).toBe(addressHash('0:0:0:0:0:0:0:1'));
    expect(addressHash('2001:db8::1')).not.toBe(addressHash('2001:db8::2'));
    expect(addressHash('fe80::1%lo')).toBe(addressHash('fe80::1'));
    expect(addressHash(undefined)).toBe(0);
  });
});
