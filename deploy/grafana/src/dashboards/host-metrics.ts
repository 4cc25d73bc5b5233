import { ScaleDistribution } from '@grafana/grafana-foundation-sdk/common';
import { assembleDashboard } from '../assemble-dashboard.ts';
import { rowsOfCells, spread } from '../heat-maps.ts';
import { lines, rankedBars, stackedAreas } from '../panels.ts';
import { influxql, singleValues, sql } from '../queries.ts';
import { chosenFromViews } from '../variables.ts';

/** Values of a measurement of Telegraf, as `time` (a step), `metric` and `value`. */
const overTime = (name: string, value: string, { metric = 'host', expression = 'avg(value)', more = '' } = {}) =>
  sql(
    `select $__timeGroupAlias(time, $__interval), ${metric} as metric, ${expression} as value from metric_view
    where $__timeFilter(time) and name = '${name}' and value_name = '${value}' and host in ($host) ${more}
    group by 1, 2 order by 1`,
    'time_series',
  );
const allCores = `and attributes ->> 'cpu' = 'cpu-total'`;
const busy = { expression: '100 - avg(value)', more: allCores };

/** Growth per second of a counter of Telegraf. */
const rate = (measurement: string, field: string, alias: string, tag: string, more = '') =>
  influxql(
    `select non_negative_derivative(max("${field}"), 1s) from "${measurement}"
    where $timeFilter and "host" =~ /^$host$/ ${more} group by time($__interval), "host", "${tag}" fill(none)`,
    `$tag_host $tag_${tag} · ${alias}`,
  );

export const hostMetrics = () =>
  assembleDashboard({
    uid: 'watchkeeper-hosts',
    title: 'Watchkeeper · Host metrics',
    description:
      'What Telegraf measures on hosts and sends to Watchkeeper: every value from the views, rates from InfluxDB.',
    variables: [
      chosenFromViews(
        'host',
        `select distinct host from metric_view where $__timeFilter(time) and name = 'system' and value_name = 'load1'`,
        { label: 'Host', description: 'Hosts that Telegraf runs on' },
      ),
    ],
    rows: [
      {
        title: 'Processor',
        panels: [
          rowsOfCells(
            {
              title: 'Busy processors, host by host',
              description: 'A line for each host, warm where its processors are busy. Look for lines that stay red.',
              unit: 'percent',
              width: 24,
              height: 9,
              interval: '10s',
              queries: [overTime('cpu', 'usage_idle', busy)],
            },
            'Busy',
          ),
          lines({
            title: 'Busy processors',
            description: 'Share of the time in which the processors of a host did something, all cores together.',
            unit: 'percent',
            width: 12,
            interval: '10s',
            min: 0,
            max: 100,
            thresholds: ['green', [90, 'red']],
            queries: [overTime('cpu', 'usage_idle', busy)],
          }),
          spread(
            {
              title: 'How busy processors are spread',
              description: 'Each value of each host is counted in a cell: most hosts stand where it is dark.',
              unit: 'percent',
              width: 12,
              queries: [
                singleValues(
                  'host',
                  '100 - value',
                  `$__timeFilter(time) and name = 'cpu' and value_name = 'usage_idle' and host in ($host) ${allCores}`,
                ),
              ],
            },
            ScaleDistribution.Linear,
          ),
          stackedAreas({
            title: 'What processors do, mean of the hosts',
            description: 'User and system time, and waiting for disks.',
            unit: 'percent',
            width: 12,
            interval: '10s',
            min: 0,
            queries: [
              sql(
                `select $__timeGroupAlias(time, $__interval), replace(value_name, 'usage_', '') as metric, avg(value) as value
                from metric_view where $__timeFilter(time) and name = 'cpu' and host in ($host)
                  and value_name in ('usage_user', 'usage_system', 'usage_iowait') ${allCores}
                group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
          lines({
            title: 'Load per core, one minute',
            description: 'Processes that run or want to. Above 1 they wait for each other.',
            unit: 'short',
            decimals: 2,
            width: 12,
            interval: '10s',
            min: 0,
            thresholds: ['green', [1, 'red']],
            queries: [
              sql(
                `select $__timeGroupAlias(time, $__interval), host as metric,
                  avg(value) filter (where value_name = 'load1')
                    / nullif(max(value) filter (where value_name = 'n_cpus'), 0) as value
                from metric_view where $__timeFilter(time) and name = 'system' and host in ($host)
                  and value_name in ('load1', 'n_cpus')
                group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
        ],
      },
      {
        title: 'Memory and disks',
        panels: [
          lines({
            title: 'Used memory',
            description: 'Share of the memory that processes use; caches do not count.',
            unit: 'percent',
            width: 12,
            interval: '10s',
            min: 0,
            max: 100,
            thresholds: ['green', [90, 'red']],
            queries: [overTime('mem', 'used_percent')],
          }),
          rankedBars({
            title: 'Fullest file systems',
            description: 'The newest value of each file system, the fullest first.',
            unit: 'percent',
            width: 12,
            min: 0,
            max: 100,
            thresholds: ['green', [80, 'orange'], [90, 'red']],
            queries: [
              sql(
                `select place, value as used from (
                  select distinct on (host, attributes ->> 'path') host || ' ' || (attributes ->> 'path') as place, value
                  from metric_view
                  where $__timeFilter(time) and name = 'disk' and value_name = 'used_percent' and host in ($host)
                  order by host, attributes ->> 'path', time desc
                ) newest order by used desc limit 25`,
                'table',
              ),
            ],
          }),
          lines({
            title: 'Bytes read and written',
            description: 'Traffic of the disks per second, from the counters in InfluxDB.',
            unit: 'Bps',
            width: 12,
            interval: '10s',
            min: 0,
            queries: [rate('diskio', 'read_bytes', 'read', 'name'), rate('diskio', 'write_bytes', 'written', 'name')],
          }),
          lines({
            title: 'Bytes received and sent',
            description: 'Traffic of the network per second, from the counters in InfluxDB.',
            unit: 'Bps',
            width: 12,
            interval: '10s',
            min: 0,
            queries: [
              rate('net', 'bytes_recv', 'received', 'interface'),
              rate('net', 'bytes_sent', 'sent', 'interface'),
            ],
          }),
        ],
      },
    ],
  });
