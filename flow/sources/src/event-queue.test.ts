import { expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { EventQueue } from './event-queue.ts';

it('Events wait in order, the oldest makes room, and what was put back goes first', () => {
  const queue = new EventQueue(2500);
  const numbers = (count: number) => queue.take(count).map(({ values }) => values[0]);
  let dropped = 0;
  for (let n = 0; n < 6000; n++) dropped += queue.push(anEvent({ values: [n] }));
  expect([dropped, queue.length]).toEqual([3500, 2500]);
  const first = queue.take(3);
  expect(first.map(({ values }) => values[0])).toEqual([3500, 3501, 3502]);
  queue.putBack(first);
  expect(numbers(2)).toEqual([3500, 3501]);
  for (let n = 6000; n < 6002; n++) expect(queue.push(anEvent({ values: [n] }))).toBe(0);
  const rest = numbers(10_000);
  expect([rest.length, rest[0], rest.at(-1), queue.length]).toEqual([2500, 3502, 6001, 0]);
});
