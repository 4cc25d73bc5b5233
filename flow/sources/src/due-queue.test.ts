import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from './due-queue.ts';

describe('The queue of what is due', () => {
  it('gives items in the order of their times, and nothing before its time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 200 }),
        fc.integer({ min: 0, max: 1000 }),
        (times, nowMs) => {
          const queue = new DueQueue<number>();
          for (const [index, time] of times.entries()) queue.push(time, index);
          const taken: number[] = [];
          for (let due = queue.popDue(nowMs); due !== undefined; due = queue.popDue(nowMs)) taken.push(due.dueMs);
          expect(taken).toEqual(times.filter((time) => time <= nowMs).sort((a, b) => a - b));
          expect(queue.size).toBe(times.length - taken.length);
          const left = times.filter((time) => time > nowMs);
          expect(queue.nextDueMs).toBe(left.length === 0 ? undefined : Math.min(...left));
        },
      ),
    );
  });
});
