import type { ProtobufFieldSpec, ProtobufSpec, ProtobufType } from '../protobuf/decode.ts';

/**
 * What of an ExportMetricsServiceRequest (opentelemetry-proto 1.x, collector/metrics/v1 and metrics/v1) is read; exemplars,
 * descriptions and schema addresses are left out.
 */

const one = (name: string, type: ProtobufType | (() => ProtobufSpec)): ProtobufFieldSpec => ({ name, type });
const list = (name: string, type: ProtobufType | (() => ProtobufSpec)): ProtobufFieldSpec => ({
  ...{ name, type },
  isList: true,
});

const anyValue: ProtobufSpec = {
  1: one('stringValue', 'text'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'int64'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => ({ 1: list('values', () => anyValue) })),
  6: one('kvlistValue', () => ({ 1: list('values', () => keyValue) })),
  7: one('bytesValue', 'bytes'),
};
const keyValue: ProtobufSpec = { 1: one('key', 'text'), 2: one('value', () => anyValue) };
const attributes = list('attributes', () => keyValue);

const times = { 2: one('startTimeUnixNano', 'fixed64'), 3: one('timeUnixNano', 'fixed64') };
const numberPoint: ProtobufSpec = {
  ...times,
  4: one('asDouble', 'double'),
  6: one('asInt', 'sfixed64'),
  7: attributes,
  8: one('flags', 'uint32'),
};
const histogramPoint: ProtobufSpec = {
  ...times,
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  6: list('bucketCounts', 'fixed64'),
  7: list('explicitBounds', 'double'),
  9: attributes,
  10: one('flags', 'uint32'),
  11: one('min', 'double'),
  12: one('max', 'double'),
};
const buckets = () => ({ 1: one('offset', 'sint32'), 2: list('bucketCounts', 'int64') });
const exponentialPoint: ProtobufSpec = {
  1: attributes,
  ...times,
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  6: one('scale', 'sint32'),
  7: one('zeroCount', 'fixed64'),
  8: one('positive', buckets),
  9: one('negative', buckets),
  10: one('flags', 'uint32'),
  12: one('min', 'double'),
  13: one('max', 'double'),
  14: one('zeroThreshold', 'double'),
};
const summaryPoint: ProtobufSpec = {
  ...times,
  4: one('count', 'fixed64'),
  5: one('sum', 'double'),
  6: list('quantileValues', () => ({ 1: one('quantile', 'double'), 2: one('value', 'double') })),
  7: attributes,
  8: one('flags', 'uint32'),
};

const pointsOf = (point: ProtobufSpec) => () => ({
  1: list('dataPoints', () => point),
  2: one('aggregationTemporality', 'uint32'),
  3: one('isMonotonic', 'bool'),
});
const metric: ProtobufSpec = {
  1: one('name', 'text'),
  3: one('unit', 'text'),
  5: one('gauge', pointsOf(numberPoint)),
  7: one('sum', pointsOf(numberPoint)),
  9: one('histogram', pointsOf(histogramPoint)),
  10: one('exponentialHistogram', pointsOf(exponentialPoint)),
  11: one('summary', pointsOf(summaryPoint)),
};
const scope: ProtobufSpec = { 1: one('name', 'text'), 2: one('version', 'text'), 3: attributes };

export const metricsRequest: ProtobufSpec = {
  1: list('resourceMetrics', () => ({
    1: one('resource', () => ({ 1: attributes })),
    2: list('scopeMetrics', () => ({ 1: one('scope', () => scope), 2: list('metrics', () => metric) })),
  })),
};
