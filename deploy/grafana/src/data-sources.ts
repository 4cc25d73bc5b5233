import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';

/** The data sources that dashboards ask; provisioned under the same identifiers. */
export const dataSources = {
  /** Prometheus, which scrapes Watchkeeper and its rollups. */
  prometheus: { type: 'prometheus', uid: 'watchkeeper-prometheus' },
  /** The SQL views of Watchkeeper's database. */
  views: { type: 'grafana-postgresql-datasource', uid: 'watchkeeper-views' },
  /** InfluxDB, to which a sink of Watchkeeper forwards. */
  influxdb: { type: 'influxdb', uid: 'watchkeeper-influxdb' },
} as const satisfies Record<string, DataSourceRef>;

/** What Grafana calls a panel whose queries each have a source of their own. */
export const mixedSource: DataSourceRef = { type: 'datasource', uid: '-- Mixed --' };

/** The views of the Watchkeeper that the variable `watchkeeper` names: one for each environment. */
export const chosenViews: DataSourceRef = { type: dataSources.views.type, uid: '$watchkeeper' };
