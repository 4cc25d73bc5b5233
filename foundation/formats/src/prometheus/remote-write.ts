import { compress } from 'snappyjs';
import { ProtobufWriter } from '../protobuf/writer.ts';
import { labelName, metricName } from './names.ts';

export interface RemoteSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number;
  readonly value: number;
}

/** Headers that go with the body (Prometheus remote write 1.0). */
export const remoteWriteHeaders = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
} as const;

/** Name and labels of a series as one text: what Prometheus tells series apart by. */
export function remoteSeriesKey({ name, labels }: Pick<RemoteSample, 'name' | 'labels'>): string {
  return JSON.stringify(remoteLabels(name, labels));
}

/** Samples as a WriteRequest, compressed: grouped by series, each in the order of time. */
export function remoteWriteBody(samples: readonly RemoteSample[]): Buffer {
  const request = new ProtobufWriter();
  for (const group of Map.groupBy(samples, remoteSeriesKey).values()) {
    const [first] = group;
    if (first === undefined) continue;
    const series = new ProtobufWriter();
    for (const [name, value] of remoteLabels(first.name, first.labels))
      series.message(1, new ProtobufWriter().text(1, name).text(2, value));
    for (const { timeMs, value } of group.toSorted((a, b) => a.timeMs - b.timeMs))
      series.message(2, new ProtobufWriter().double(1, value).varint(2, timeMs));
    request.message(1, series);
  }
  return Buffer.from(compress(request.finish()));
}

/** Sorted by name, as the format asks. */
function remoteLabels(name: string, labels: Readonly<Record<string, string>>): [string, string][] {
  const named = new Map(Object.entries(labels).map(([key, value]) => [labelName(key), value]));
  named.set('__name__', metricName(name));
  return [...named].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
}
