import { describe, expect, it } from 'vitest';
import { stripPaths, stripSentence } from './strip-path.ts';

const bars = (path: string) => path.split('M').length - 1;

describe('a strip of sixty minutes', () => {
  it('shows a gap after data as a gap, and time before anybody watched quietly', () => {
    const paths = stripPaths('oonnf');
    expect(bars(paths.before)).toBe(55);
    expect(bars(paths.gap)).toBe(2);
    expect(bars(paths.ok)).toBe(2);
    expect(paths.failed).toBe('M236 0h3.1v26h-3.1z');
  });
  it('is all quiet when there never was data', () => {
    expect(bars(stripPaths('').before)).toBe(60);
    expect(stripPaths('n'.repeat(60)).gap).toBe('');
  });
  it('keeps the newest sixty', () => {
    expect(bars(stripPaths(`f${'o'.repeat(60)}`).failed)).toBe(0);
  });
  it('counts in words', () => {
    expect(stripSentence('ooffd')).toBe('Last 60 minutes: 2 failed, 1 degraded, 55 without data');
  });
});
