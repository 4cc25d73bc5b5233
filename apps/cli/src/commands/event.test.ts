import type { EventView, QueryRow } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { lineOf, withoutEmptyBeginning } from './event.ts';

it('a table of periods begins with the first one in which anything was seen, and keeps gaps after it', () => {
  const row = (minute: number, zone: string, sources: number): QueryRow => ({
    ...{ at: `2026-01-01T12:0${minute}:00.000Z`, group: { zone }, sources, values: { count: sources || null } },
  });
  const rows = [
    ...[row(0, 'ams', 0), row(0, 'fra', 0), row(1, 'ams', 0), row(1, 'fra', 1)],
    ...[row(2, 'ams', 0), row(2, 'fra', 0), row(3, 'ams', 1), row(3, 'fra', 1)],
  ];
  expect(withoutEmptyBeginning(rows)).toEqual(rows.slice(2));
  expect(withoutEmptyBeginning(rows.slice(0, 3))).toEqual([]);
});

it('the line of an event that others sent has its values and attributes, that of a check what the check saw', () => {
  const event: EventView = {
    ...{ id: '1-1', time: '2026-01-01T12:00:00.000000Z', receivedAt: '2026-01-01T12:00:00.000000Z', name: 'door' },
    ...{ tenant: 'default', environment: '', zone: 'hall', host: 'web-1', guest: '', service: 'building', source: '' },
    ...{ attributes: { floor: '2' }, outcome: 'ok', reason: null, values: { open_ms: 850, angle: null } },
    detail: { locked: true },
  };
  expect(lineOf(event)).toMatch(/^12:00:00\.000 {2}hall .* building +door .* host=web-1 floor=2 open_ms=850 angle=–$/);
  const check = { name: 'monitor.checked', attributes: { status: '503', type: 'http' }, values: { durationMs: 12 } };
  expect(lineOf({ ...event, ...check, reason: 'status' })).toMatch(/12\.0 ms {2}503 status$/);
});
