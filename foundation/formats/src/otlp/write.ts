import { ProtobufWriter } from '../protobuf/writer.ts';

/** Metrics of OpenTelemetry (opentelemetry-proto, metrics/v1) as far as we write them. */
export interface OtlpMetric {
  readonly name: string;
  /** Of gauges the last value holds; `delta` values are added up by whoever reads them. */
  readonly kind: 'gauge' | 'delta';
  readonly unit: string;
  readonly points: readonly OtlpPoint[];
}

export interface OtlpPoint {
  readonly attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970-01-01 UTC. */
  readonly timeNs: bigint;
  readonly value: number;
}

const scope = 'watchkeeper';
const deltaTemporality = 1;

/** An ExportMetricsServiceRequest in JSON: 64-bit numbers are text. */
export function otlpJson(metrics: readonly OtlpMetric[], resource: Readonly<Record<string, string>>): string {
  const pairs = (attributes: Readonly<Record<string, string>>) =>
    Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const written = metrics.map(({ name, kind, unit, points }) => {
    const dataPoints = points.map(({ attributes, timeNs, value }) => ({
      attributes: pairs(attributes),
      ...(kind === 'delta' ? { startTimeUnixNano: String(timeNs) } : {}),
      timeUnixNano: String(timeNs),
      asDouble: value,
    }));
    return kind === 'gauge'
      ? { name, unit, gauge: { dataPoints } }
      : { name, unit, sum: { dataPoints, aggregationTemporality: deltaTemporality, isMonotonic: true } };
  });
  return JSON.stringify({
    resourceMetrics: [
      { resource: { attributes: pairs(resource) }, scopeMetrics: [{ scope: { name: scope }, metrics: written }] },
    ],
  });
}

/** The same in Protocol Buffers. */
export function otlpProtobuf(metrics: readonly OtlpMetric[], resource: Readonly<Record<string, string>>): Buffer {
  const pairsInto = (writer: ProtobufWriter, field: number, attributes: Readonly<Record<string, string>>) => {
    for (const [key, value] of Object.entries(attributes))
      writer.message(field, new ProtobufWriter().text(1, key).message(2, new ProtobufWriter().text(1, value)));
    return writer;
  };
  const scopeMetrics = new ProtobufWriter().message(1, new ProtobufWriter().text(1, scope));
  for (const { name, kind, unit, points } of metrics) {
    const data = new ProtobufWriter();
    for (const { attributes, timeNs, value } of points) {
      const point = new ProtobufWriter();
      if (kind === 'delta') point.fixed64(2, timeNs);
      data.message(1, pairsInto(point.fixed64(3, timeNs).double(4, value), 7, attributes));
    }
    if (kind === 'delta') data.varint(2, deltaTemporality).varint(3, 1);
    const metric = new ProtobufWriter().text(1, name).text(3, unit);
    scopeMetrics.message(2, metric.message(kind === 'gauge' ? 5 : 7, data));
  }
  const resourceMetrics = new ProtobufWriter()
    .message(1, pairsInto(new ProtobufWriter(), 1, resource))
    .message(2, scopeMetrics);
  return new ProtobufWriter().message(1, resourceMetrics).finish();
}
