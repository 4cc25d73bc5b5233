import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder as PrometheusBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { dataSources } from './data-sources.ts';

/** A query of a panel, which gives it its letter. */
export interface Query {
  readonly source: DataSourceRef;
  readonly withRefId: (refId: string) => Builder<Dataquery>;
}

/** PromQL over the time of the dashboard. `legend` may hold labels: `{{zone}}`. */
export function promql(expr: string, legend: string, format = PromQueryFormat.TimeSeries): Query {
  const source = dataSources.prometheus;
  const withRefId = (refId: string) =>
    new PrometheusBuilder().datasource(source).refId(refId).expr(expr).legendFormat(legend).format(format).range();
  return { source, withRefId };
}

/** PromQL now. */
export function promqlNow(expr: string, legend: string): Query {
  const source = dataSources.prometheus;
  const withRefId = (refId: string) =>
    new PrometheusBuilder().datasource(source).refId(refId).expr(expr).legendFormat(legend).instant();
  return { source, withRefId };
}

/**
 * SQL on the views. A time series has the columns `time`, `metric` (its name) and `value`, and is ordered by time.
 * The SDK has no builder for SQL.
 */
export function sql(rawSql: string, format: 'time_series' | 'table', source: DataSourceRef = dataSources.views): Query {
  const target = { datasource: source, editorMode: 'code', format, rawQuery: true, rawSql: onOneLine(rawSql) };
  return { source, withRefId: (refId) => plainTarget({ ...target, refId }) };
}

/** InfluxQL. `alias` names the series: `$tag_zone`. The SDK has no builder for it. */
export function influxql(query: string, alias: string): Query {
  const source = dataSources.influxdb;
  const target = { datasource: source, rawQuery: true, resultFormat: 'time_series', alias, query: onOneLine(query) };
  return { source, withRefId: (refId) => plainTarget({ ...target, refId }) };
}

function plainTarget(target: object): Builder<Dataquery> {
  return { build: () => target as unknown as Dataquery };
}

/** Queries are written over lines here and read as one in Grafana's editor. */
export const onOneLine = (text: string) => text.trim().replaceAll(/\s+/g, ' ');

/**
 * Single values of events for a panel that counts them itself. Of more than 20,000 an even part of them, so that a
 * browser can draw months.
 */
export function singleValues(metric: string, value: string, where: string): Query {
  return sql(
    `select time, metric, value from (
      select time, ${metric} as metric, ${value} as value,
        row_number() over (order by time) as place, count(*) over () as places
      from metric_view where ${where}
    ) numbered where place % (places / 20000 + 1) = 0 order by time`,
    'time_series',
  );
}
