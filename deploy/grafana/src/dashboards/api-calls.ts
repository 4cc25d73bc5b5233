import { BigValueGraphMode, ScaleDistribution } from '@grafana/grafana-foundation-sdk/common';
import { assembleDashboard } from '../assemble-dashboard.ts';
import { chosenViews } from '../data-sources.ts';
import { spread } from '../heat-maps.ts';
import { lines, numbers, rankedBars, stackedBars, table } from '../panels.ts';
import { influxql, promql, promqlNow, singleValues, sql } from '../queries.ts';
import { chosenFromViews, chosenWatchkeepers } from '../variables.ts';

const chosen = 'environment in ($environment) and zone in ($zone)';
const calls = `$__timeFilter(time) and name = 'openstack.api' and ${chosen}`;
const durations = `${calls} and value_name = 'durationMs'`;
const place = `environment || ' · ' || zone`;
const legend = '{{environment}} · {{zone}}';
const alias = '$tag_environment · $tag_zone';
const labels = 'environment=~"$environment", zone=~"$zone"';
const points = (fields: string, more = '') =>
  `select ${fields} from "openstack.api"
  where $timeFilter and "environment" =~ /^$environment$/ and "zone" =~ /^$zone$/ ${more}
  group by time($__interval), "environment", "zone" fill(null)`;

/** What is shown three times, and from where. */
const sources = ['from the views', 'from InfluxDB', 'from Prometheus'] as const;
const same =
  (title: string, description: string, rest: Pick<Parameters<typeof lines>[0], 'unit' | 'thresholds' | 'max'>) =>
  (queries: readonly ReturnType<typeof sql>[]) =>
    queries.map((query, index) =>
      lines({
        ...{ title: `${title}, ${sources[index]}`, description, width: 8, interval: '1m', min: 0, queries: [query] },
        ...rest,
      }),
    );

export const apiCalls = () =>
  assembleDashboard({
    uid: 'watchkeeper-api-calls',
    title: 'Watchkeeper · API calls',
    description:
      'Calls of the APIs of clouds, environment × zone: the same measure from the views, from InfluxDB and from Prometheus, side by side.',
    variables: [
      chosenFromViews('environment', `select distinct environment from event_view where ${eventsOfTime()}`, {
        label: 'Environment',
        description: 'What is called',
      }),
      chosenFromViews(
        'zone',
        `select distinct zone from event_view where ${eventsOfTime()} and environment in ($environment)`,
        { label: 'Zone', description: 'From where it is called' },
      ),
      chosenWatchkeepers(),
    ],
    rows: [
      {
        title: 'Environment × zone',
        panels: [
          table({
            title: 'Calls, environment × zone',
            description: 'Every place from which an environment is called, over the time of the dashboard.',
            unit: 'short',
            width: 12,
            height: 9,
            queries: [
              sql(
                `select environment as "Environment", zone as "Zone", count(*) as "Calls",
                  avg((outcome = 'failed')::integer)::float8 as "Failed",
                  percentile_cont(0.95) within group (order by value) as "95th percentile"
                from metric_view where ${durations} group by 1, 2 order by 4 desc, 3 desc`,
                'table',
              ),
            ],
          })
            .overrideByName('Failed', [
              { id: 'unit', value: 'percentunit' },
              { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'gradient' } },
              {
                id: 'thresholds',
                value: {
                  mode: 'absolute',
                  steps: [
                    { value: null, color: 'green' },
                    { value: 0.01, color: 'orange' },
                    { value: 0.05, color: 'red' },
                  ],
                },
              },
            ])
            .overrideByName('95th percentile', [{ id: 'unit', value: 'ms' }]),
          rankedBars({
            title: 'Operations that take longest',
            description: 'Mean duration of each operation, the slowest first.',
            unit: 'ms',
            width: 12,
            height: 9,
            queries: [
              sql(
                `select service || ' ' || coalesce(attributes ->> 'method', '') || ' ' || coalesce(attributes ->> 'operation', '')
                  as operation, avg(value) as duration
                from metric_view where ${durations} group by 1 order by 2 desc limit 25`,
                'table',
              ),
            ],
            thresholds: ['green', [500, 'orange'], [1200, 'red']],
          }),
        ],
      },
      {
        title: 'Calls per minute',
        panels: same('Calls per minute', 'Calls that were reported, whatever came of them.', { unit: 'short' })([
          sql(
            `select $__timeGroupAlias(time, $__interval), ${place} as metric,
              count(*) * 60.0 / extract(epoch from interval '$__interval') as value
            from event_view where ${calls} group by 1, 2 order by 1`,
            'time_series',
          ),
          influxql(points('sum("events") * 60000 / $__interval_ms'), alias),
          promql(`sum by (environment, zone) (api_calls_count{${labels}})`, legend),
        ]),
      },
      {
        title: 'Duration',
        panels: same('Duration, 95th percentile', '95 of 100 calls are faster. Red from 1.2 s on.', {
          unit: 'ms',
          thresholds: ['green', [1200, 'red']],
        })([
          sql(
            `select $__timeGroupAlias(time, $__interval), ${place} as metric,
              percentile_cont(0.95) within group (order by value) as value
            from metric_view where ${durations} group by 1, 2 order by 1`,
            'time_series',
          ),
          influxql(points('percentile("durationMs", 95)'), alias),
          promql(`max by (environment, zone) (api_calls_durationMs_p95{${labels}})`, legend),
        ]),
      },
      {
        title: 'Failures',
        panels: same('Calls that failed', 'Calls without an answer, or with one of the classes 5xx, per minute.', {
          unit: 'short',
          thresholds: ['green', [1, 'red']],
        })([
          sql(
            `select $__timeGroupAlias(time, $__interval), ${place} as metric,
              count(*) filter (where outcome = 'failed') * 60.0 / extract(epoch from interval '$__interval') as value
            from event_view where ${calls} group by 1, 2 order by 1`,
            'time_series',
          ),
          influxql(points('sum("events") * 60000 / $__interval_ms', `and "outcome" = 'failed'`), alias),
          promql(`sum by (environment, zone) (api_calls_outcome{${labels}, outcome="failed"})`, legend),
        ]),
      },
      {
        title: 'All sources in one panel',
        panels: [
          lines({
            title: 'Calls per minute, three sources in one panel',
            description:
              'The three lines of an environment lie upon each other. Where they do not, one of the ways is behind.',
            unit: 'short',
            width: 12,
            height: 9,
            interval: '1m',
            min: 0,
            queries: [
              sql(
                `select $__timeGroupAlias(time, $__interval), environment || ' · views' as metric,
                  count(*) * 60.0 / extract(epoch from interval '$__interval') as value
                from event_view where ${calls} group by 1, 2 order by 1`,
                'time_series',
              ),
              influxql(
                `select sum("events") * 60000 / $__interval_ms from "openstack.api"
                where $timeFilter and "environment" =~ /^$environment$/ and "zone" =~ /^$zone$/
                group by time($__interval), "environment" fill(null)`,
                '$tag_environment · InfluxDB',
              ),
              promql(`sum by (environment) (api_calls_count{${labels}})`, '{{environment}} · Prometheus'),
            ],
          }),
          spread(
            {
              title: 'How durations are spread',
              description: 'Each call is counted in a cell.',
              unit: 'ms',
              width: 12,
              height: 9,
              queries: [singleValues('environment', 'value', durations)],
            },
            ScaleDistribution.Log,
          ),
          stackedBars({
            title: 'Answers, by status',
            description: 'How often each status came; calls without an answer have none.',
            unit: 'short',
            width: 12,
            interval: '1m',
            queries: [
              influxql(
                `select sum("events") from "openstack.api"
                where $timeFilter and "environment" =~ /^$environment$/ and "zone" =~ /^$zone$/
                group by time($__interval), "status" fill(null)`,
                '$tag_status',
              ),
            ],
          }),
          numbers({
            title: 'Calls in the newest minute, by environment',
            description: 'The newest whole period of the rollup "api-calls".',
            unit: 'short',
            width: 12,
            height: 8,
            queries: [promqlNow(`sum by (environment) (api_calls_count{${labels}})`, '{{environment}}')],
          }),
        ],
      },
      {
        title: 'Every Watchkeeper',
        panels: [
          numbers(
            {
              title: 'Services that are not well, $watchkeeper',
              description: 'The same question to the Watchkeeper of each environment: one panel for each data source.',
              unit: 'short',
              width: 12,
              height: 6,
              queries: [
                sql(
                  `select count(*) filter (where state = 'failed') as "Failed",
                    count(*) filter (where state = 'degraded') as "Degraded",
                    count(*) filter (where state = 'unknown') as "No data"
                  from service_state_view`,
                  'table',
                  chosenViews,
                ),
              ],
              thresholds: ['green', [1, 'red']],
            },
            BigValueGraphMode.None,
          )
            .repeat('watchkeeper')
            .repeatDirection('h')
            .maxPerRow(2),
        ],
      },
    ],
  });

function eventsOfTime(): string {
  return `$__timeFilter(time) and name = 'openstack.api'`;
}
