import type { OutgoingEvent } from '@watchkeeper/model';

/** An event in JSON as webhooks, files and object stores get it. */
export interface PlainEvent {
  /** `3-1204`; the same at every attempt. */
  readonly id: string;
  /** RFC 3339, UTC, microseconds or, where they are known, nanoseconds. */
  readonly time: string;
  readonly receivedAt: string;
  readonly name: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: not measured. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

export function plainEvent(event: OutgoingEvent): PlainEvent {
  const { id, series, timeUs, timeNs, receivedUs, outcome, reason, values, detail } = event;
  return {
    id,
    time: instantText(timeUs, timeNs),
    receivedAt: instantText(receivedUs, 0),
    name: series.name,
    outcome,
    reason: reason ?? null,
    labels: series.labels,
    values: Object.fromEntries(series.valueNames.map((name, place) => [name, values[place] ?? null])),
    detail: detail ?? null,
  };
}

/** RFC 3339 beyond the milliseconds that a Date has. */
export function instantText(timeUs: number, timeNs: number): string {
  const second = new Date(Math.floor(timeUs / 1_000_000) * 1000).toISOString().slice(0, 19);
  const micros = String(timeUs - Math.floor(timeUs / 1_000_000) * 1_000_000).padStart(6, '0');
  return `${second}.${micros}${timeNs === 0 ? '' : String(timeNs).padStart(3, '0')}Z`;
}

/** Dimensions, attributes, outcome and reason, as far as the mapping lets them out. */
export function allLabels({ series, outcome, reason }: OutgoingEvent): Record<string, string> {
  const labels = { ...series.labels };
  if (series.outcomeLabel !== undefined) labels[series.outcomeLabel] = outcome;
  if (series.reasonLabel !== undefined && reason !== undefined) labels[series.reasonLabel] = reason;
  return labels;
}

/** Values that were measured, by name. */
export function measuredValues({ series, values }: OutgoingEvent): [string, number][] {
  return series.valueNames.flatMap((name, place): [string, number][] => {
    const value = values[place];
    return value === null || value === undefined ? [] : [[name, value]];
  });
}
