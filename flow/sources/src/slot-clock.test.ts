import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { SlotClock } from './slot-clock.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;

describe('The time that slots are counted by', () => {
  it('is that of the wall clock while nobody sets it', () => {
    const clock = new ManualClock(start);
    const slots = new SlotClock(clock);
    for (let second = 1; second <= 100; second++) {
      clock.advance(1000);
      expect(slots.nowMs()).toBeCloseTo(start + second * 1000, 0);
    }
  });

  it('follows at once when the wall clock is set forward', () => {
    const clock = new ManualClock(start);
    const slots = new SlotClock(clock);
    clock.jump(hour);
    expect(slots.nowMs()).toBeCloseTo(start + hour, 0);
  });

  it('never goes back when the wall clock is, but goes on a little slower until both agree', () => {
    const clock = new ManualClock(start);
    const slots = new SlotClock(clock);
    clock.jump(-hour);
    let before = slots.nowMs();
    for (let second = 0; second < 3600; second++) {
      clock.advance(1000);
      const now = slots.nowMs();
      expect(now - before).toBeGreaterThanOrEqual(949);
      expect(now - before).toBeLessThanOrEqual(1001);
      before = now;
    }
    for (let minute = 0; minute < 25 * 60; minute++) {
      clock.advance(60_000);
      slots.nowMs();
    }
    expect(slots.nowMs()).toBeCloseTo(clock.wallMs(), -1);
  });
});
