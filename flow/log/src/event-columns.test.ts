import type { LoggedEvent } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { EventColumns } from './event-columns.ts';

/** Events of every kind: without values, with values that were not measured, with what few have. */
function logged(offset: number): LoggedEvent {
  const kinds = [
    anEvent({ values: [] }),
    anEvent({ values: [1.5, null, -2], timeNs: 7 }),
    anEvent({ outcome: 'failed', reason: 'status', detail: { message: 'answered 503' } }),
    anEvent({ outcome: 'skipped', slot: { monitorId: 'm', zone: 'local', slotMs: 1000, attempt: 1 } }),
  ];
  const event = kinds[offset % kinds.length] as (typeof kinds)[number];
  const place = { partition: 3, offset, receivedUs: 1_700_000_000_000_000 + offset };
  return { ...event, ...place, producerId: 12, epoch: 2 ** 40, seq: offset * 2 };
}

it('events come out of columns as they went in, also after the first ones were forgotten', () => {
  const columns = new EventColumns();
  const events = Array.from({ length: 1000 }, (_, index) => logged(501 + index));
  for (const event of events) columns.push(event);
  expect(columns.slice(0, 1000, 3)).toEqual(events);
  columns.drop(333);
  expect([columns.firstOffset, columns.lastOffset, columns.length]).toEqual([834, 1500, 667]);
  for (const event of [1501, 1502].map(logged)) columns.push(event);
  expect(columns.slice(665, 2000, 3)).toEqual([1499, 1500, 1501, 1502].map(logged));
  expect(columns.slice(0, 2, 3)).toEqual([834, 835].map(logged));
});

it('columns that were emptied begin with the next event', () => {
  const columns = new EventColumns();
  for (const event of [1, 2, 3].map(logged)) columns.push(event);
  columns.drop(columns.length);
  expect([columns.length, columns.lastOffset]).toEqual([0, 0]);
  columns.push(logged(9));
  expect(columns.slice(0, 10, 3)).toEqual([logged(9)]);
  expect(columns.firstOffset).toBe(9);
});
