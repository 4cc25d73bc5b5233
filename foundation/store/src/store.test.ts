import { describe, expect, it } from 'vitest';
import { asStoreError } from './store.ts';

const fromDatabase = (code: string) => Object.assign(new Error(`as ${code}`), { code });

describe('An error of the database', () => {
  // 55P03: a lock was not free for the time of lock_timeout; 40P01: this transaction gave way to another one.
  it.each(['08006', '57P01', '53300', '25P03', '55P03', '40P01', 'ECONNRESET'])('%s passes by itself', (code) => {
    expect(asStoreError(fromDatabase(code))).toMatchObject({ code: 'database_unavailable' });
  });

  it.each(['22P05', '23505', '42P01', '57014'])('%s comes again when the same is tried again', (code) => {
    const error = fromDatabase(code);
    expect(asStoreError(error)).toBe(error);
  });
});
