import type { EventView, LoggedEvent } from '@watchkeeper/model';
import type { EventRow } from '@watchkeeper/store';

/** An instant of the log as RFC 3339 in UTC: microseconds, and nanoseconds where there are any. */
export function instantText(us: number, ns = 0): string {
  const seconds = Math.floor(us / 1_000_000);
  const fraction = String(us - seconds * 1_000_000).padStart(6, '0');
  const rest = ns === 0 ? '' : String(ns).padStart(3, '0');
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${fraction}${rest}Z`;
}

/** An event from a query of the store. */
export function viewOfRow(row: EventRow): EventView {
  return {
    id: `${row.partition}-${row.offset}`,
    time: instantText(row.timeUs, row.timeNs),
    receivedAt: instantText(row.receivedUs),
    name: row.name,
    tenant: row.tenant,
    environment: row.environment,
    zone: row.zone,
    host: row.host,
    guest: row.guest,
    service: row.service,
    source: row.source,
    attributes: row.attributes,
    outcome: row.outcome,
    reason: row.reason,
    values: namedValues(row.valueNames, row.values),
    detail: row.detail,
  };
}

/** An event as it came from the log. */
export function viewOfEvent(event: LoggedEvent): EventView {
  const { valueNames, ...series } = event.series;
  return {
    ...series,
    attributes: { ...series.attributes },
    id: `${event.partition}-${event.offset}`,
    time: instantText(event.timeUs, event.timeNs),
    receivedAt: instantText(event.receivedUs),
    outcome: event.outcome,
    reason: event.reason ?? null,
    values: namedValues(valueNames, event.values),
    detail: event.detail === undefined ? null : { ...event.detail },
  };
}

function namedValues(names: readonly string[], values: readonly (number | null)[]): Record<string, number | null> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? null]));
}
