import type { QueryRow } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { withoutEmptyBeginning } from './event.ts';

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
