import { BigValueGraphMode, ScaleDistribution } from '@grafana/grafana-foundation-sdk/common';
import { assembleDashboard } from '../assemble-dashboard.ts';
import { spread } from '../heat-maps.ts';
import { severityMappings, severityOfOutcome } from '../outcomes.ts';
import { lines, numbers, stackedAreas, stackedBars, states, table } from '../panels.ts';
import { singleValues, sql } from '../queries.ts';
import { periodsOf } from '../statistics.ts';
import { chosenFromViews, oneFromViews } from '../variables.ts';

const checks = `$__timeFilter(time) and name = 'monitor.checked' and source = '$monitor' and zone in ($zone)`;
const periods = `${periodsOf('1 hour')} and monitor_id = nullif('$monitor', '')::uuid and zone in ($zone)`;
/** Days that tell which monitors there are, and from which zones. */
const lastMonth = `granularity = 'day' and dt > now() - interval '32 days'`;
const durations = `${checks} and value_name = 'durationMs'`;

export const monitorDetail = () =>
  assembleDashboard({
    uid: 'watchkeeper-monitor',
    title: 'Watchkeeper · Monitor detail',
    description: 'Every check of one monitor: from where it failed, how long it took, and in which phase.',
    variables: [
      chosenFromViews('environment', 'select distinct environment from service_state_view', {
        label: 'Environment',
        description: 'What is watched',
      }),
      chosenFromViews(
        'service',
        'select distinct service from service_state_view where environment in ($environment)',
        { label: 'Service', description: 'What users call the thing' },
      ),
      oneFromViews(
        'monitor',
        `select distinct monitor as __text, monitor_id::text as __value from monitor_statistics
        where ${lastMonth} and environment in ($environment) and service in ($service)`,
        { label: 'Monitor', description: 'One of the monitors of these services' },
      ),
      chosenFromViews(
        'zone',
        `select distinct zone from monitor_statistics where ${lastMonth} and monitor_id = nullif('$monitor', '')::uuid`,
        {
          label: 'Zone',
          description: 'From where it is watched',
        },
      ),
    ],
    rows: [
      {
        title: 'In short',
        panels: [
          numbers({
            title: 'Answered well',
            description: 'Share of the checks whose outcome is OK or Degraded.',
            unit: 'percentunit',
            decimals: 2,
            width: 6,
            queries: [
              sql(
                `select avg(case when outcome in ('ok', 'degraded') then 1.0 else 0.0 end)::float8 as well
                from event_view where ${checks} and outcome <> 'skipped'`,
                'table',
              ),
            ],
            thresholds: ['red', [0.95, 'orange'], [0.99, 'green']],
          }),
          numbers({
            title: 'Checks that failed',
            description: 'How many checks failed in the time of the dashboard.',
            unit: 'short',
            width: 6,
            queries: [
              sql(
                `select count(*) filter (where outcome = 'failed') as failed from event_view where ${checks}`,
                'table',
              ),
            ],
            thresholds: ['green', [1, 'red']],
          }),
          numbers({
            title: 'Median and 95th percentile of the duration',
            description: 'Half, and 95 of 100, of the checks are faster.',
            unit: 'ms',
            width: 6,
            queries: [
              sql(
                `select percentile_cont(0.5) within group (order by value) as "median",
                  percentile_cont(0.95) within group (order by value) as "95th percentile"
                from metric_view where ${durations}`,
                'table',
              ),
            ],
          }),
          numbers(
            {
              title: 'Last outcome, by zone',
              description: 'What the newest check from each zone saw.',
              unit: 'none',
              width: 6,
              queries: [
                sql(
                  `select time, metric, value from (
                    select distinct on (zone) time, zone as metric, ${severityOfOutcome} as value
                    from event_view where ${checks} and outcome <> 'skipped' order by zone, time desc
                  ) newest order by time`,
                  'time_series',
                ),
              ],
              thresholds: ['green', [1, 'orange'], [2, 'red']],
            },
            BigValueGraphMode.None,
          ).mappings([...severityMappings]),
        ],
      },
      {
        title: 'Outcomes',
        panels: [
          states(
            {
              title: 'Outcome from each zone',
              description: 'The worst of each step. One zone alone that is red points at the way there.',
              unit: 'none',
              width: 24,
              height: 6,
              interval: '5s',
              queries: [
                sql(
                  `select $__timeGroupAlias(time, $__interval), zone as metric, max(${severityOfOutcome}) as value
                  from event_view where ${checks} and outcome <> 'skipped' group by 1, 2 order by 1`,
                  'time_series',
                ),
              ],
            },
            severityMappings,
          ),
          stackedBars({
            title: 'Answers, by status',
            description: 'How often each status came in each step; checks without one by their error class.',
            unit: 'short',
            width: 12,
            interval: '1m',
            queries: [
              sql(
                `select $__timeGroupAlias(dt, $__interval), answer.key as metric, sum(answer.value::bigint) as value
                from monitor_statistics cross join lateral jsonb_each_text(data) as answer
                where ${periods} group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
          table({
            title: 'The last checks that were not well',
            description: 'The newest hundred checks that failed or were degraded.',
            unit: 'none',
            width: 12,
            queries: [
              sql(
                `select time as "Time", zone as "Zone", outcome as "Outcome", reason as "Reason",
                  coalesce(detail ->> 'message', attributes ->> 'status') as "Message"
                from event_view where ${checks} and outcome in ('failed', 'degraded') order by time desc limit 100`,
                'table',
              ),
            ],
          }),
        ],
      },
      {
        title: 'Durations',
        panels: [
          lines({
            title: 'Shortest, mean and longest duration, by zone',
            description: 'From the statistics of the monitor, which are kept longer than single events.',
            unit: 's',
            width: 12,
            interval: '1m',
            min: 0,
            queries: (['min', 'avg', 'max'] as const).map((which) =>
              sql(
                `select $__timeGroupAlias(dt, $__interval), zone || ' · ${which}' as metric, ${which}(rt_${which}) as value
                from monitor_statistics where ${periods} group by 1, 2 order by 1`,
                'time_series',
              ),
            ),
          }),
          stackedAreas({
            title: 'Phases of a check, mean',
            description: 'Where the time goes: looking up the name, connecting, TLS, first byte, transfer.',
            unit: 'ms',
            width: 12,
            interval: '10s',
            min: 0,
            queries: [
              sql(
                `select $__timeGroupAlias(time, $__interval), value_name as metric, avg(value) as value
                from metric_view
                where ${checks} and value_name in ('dnsMs', 'connectMs', 'tlsMs', 'firstByteMs', 'transferMs')
                group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
          spread(
            {
              title: 'How durations are spread',
              description:
                'Each check is counted in a cell. Two bands are two kinds of answers; an average shows neither.',
              unit: 'ms',
              width: 24,
              height: 10,
              queries: [singleValues('zone', 'value', durations)],
            },
            ScaleDistribution.Log,
          ),
        ],
      },
    ],
  });
