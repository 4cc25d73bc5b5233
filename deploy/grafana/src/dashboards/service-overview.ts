import { BigValueGraphMode } from '@grafana/grafana-foundation-sdk/common';
import { assembleDashboard } from '../assemble-dashboard.ts';
import { severityMappings, severityOfOutcome, stateMappings } from '../outcomes.ts';
import { lines, numbers, rankedBars, states, table } from '../panels.ts';
import { promql, sql } from '../queries.ts';
import { periodsOf } from '../statistics.ts';
import { chosenFromViews } from '../variables.ts';

const chosen = 'environment in ($environment) and service in ($service)';
const count = (outcome: string) => `coalesce((outcomes ->> '${outcome}')::bigint, 0)`;
/** Degraded checks got an answer: they count as well. */
const wellRatio = `sum(${count('ok')} + ${count('degraded')})::float8 / nullif(sum(checks), 0)`;
const overTime = `${periodsOf('1 hour')} and ${chosen}`;
/** For a sum over all, in which an hour more or less at the border does not matter. */
const inAll = `${periodsOf('5 minutes')} and ${chosen}`;
const colored = { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } };

/** From the table to the monitors of a service. */
const toMonitors = {
  title: 'Monitors of this service',
  url: `/d/watchkeeper-monitor?var-environment=\${__data.fields.Environment}&var-service=\${__data.fields.Service}`,
};

const stateCount = (title: string, state: string, color: string) =>
  numbers(
    {
      title,
      description: `Services in their environments whose state is "${title}" now.`,
      unit: 'short',
      width: 4,
      queries: [
        sql(`select count(*) as "${title}" from service_state_view where state = '${state}' and ${chosen}`, 'table'),
      ],
      thresholds: state === 'ok' ? [color] : ['text', [1, color]],
    },
    BigValueGraphMode.None,
  );

export const serviceOverview = () =>
  assembleDashboard({
    uid: 'watchkeeper-services',
    title: 'Watchkeeper · Service overview',
    description: 'What is well and what is not, per service and environment, as users see it.',
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
    ],
    rows: [
      {
        title: 'Now',
        panels: [
          stateCount('OK', 'ok', 'green'),
          stateCount('Degraded', 'degraded', 'orange'),
          stateCount('Failed', 'failed', 'red'),
          stateCount('No data', 'unknown', 'purple'),
          numbers({
            title: 'Checks that were answered well',
            description: 'Share of all checks in the time of the dashboard whose outcome is OK or Degraded.',
            unit: 'percentunit',
            decimals: 2,
            width: 4,
            queries: [sql(`select ${wellRatio} as well from monitor_statistics where ${inAll}`, 'table')],
            thresholds: ['red', [0.95, 'orange'], [0.99, 'green']],
          }),
          numbers({
            title: 'Checks',
            description: 'How many checks have a result in the time of the dashboard.',
            unit: 'short',
            width: 4,
            queries: [sql(`select sum(checks) as checks from monitor_statistics where ${inAll}`, 'table')],
          }),
          table({
            title: 'Services',
            description: 'State of each service in each environment, since when, and why. Failed ones stand first.',
            unit: 'none',
            width: 24,
            height: 9,
            queries: [
              sql(
                `select service as "Service", environment as "Environment", state as "State", since as "Since",
                  reason as "Reason", message as "Message", held_by as "Held by"
                from service_state_view where ${chosen}
                order by array_position(array['failed', 'degraded', 'unknown'], state), environment, service`,
                'table',
              ),
            ],
          })
            .overrideByName('Service', [{ id: 'links', value: [toMonitors] }])
            .overrideByName('State', [
              { id: 'mappings', value: stateMappings },
              colored,
              { id: 'custom.width', value: 130 },
            ])
            .overrideByName('Since', [
              { id: 'unit', value: 'dateTimeFromNow' },
              { id: 'custom.width', value: 170 },
            ]),
        ],
      },
      {
        title: 'Over time',
        panels: [
          states(
            {
              title: 'Worst outcome of checks',
              description: 'The worst that any monitor of a service saw in each step, from all zones.',
              unit: 'none',
              width: 24,
              height: 9,
              interval: '10s',
              queries: [
                sql(
                  `select $__timeGroupAlias(time, $__interval), environment || ' · ' || service as metric,
                    max(${severityOfOutcome}) as value
                  from event_view
                  where $__timeFilter(time) and name = 'monitor.checked' and outcome <> 'skipped' and ${chosen}
                  group by 1, 2 order by 1`,
                  'time_series',
                ),
              ],
            },
            severityMappings,
          ),
          lines({
            title: 'Checks that were answered well, by service',
            description: 'Share of the checks of each minute whose outcome is OK or Degraded.',
            unit: 'percentunit',
            width: 12,
            interval: '1m',
            min: 0,
            max: 1,
            queries: [
              sql(
                `select $__timeGroupAlias(dt, $__interval), environment || ' · ' || service as metric, ${wellRatio} as value
                from monitor_statistics where ${overTime} group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
          rankedBars({
            title: 'Why checks failed',
            description: 'Error classes of the checks that failed, the most frequent first.',
            unit: 'short',
            width: 12,
            queries: [
              sql(
                `select service || ' · ' || coalesce(reason, 'unknown') as reason, count(*) as checks from event_view
                where $__timeFilter(time) and name = 'monitor.checked' and outcome = 'failed' and ${chosen}
                group by 1 order by 2 desc limit 25`,
                'table',
              ),
            ],
            thresholds: ['orange', [10, 'red']],
          }),
          lines({
            title: 'Duration of checks, 95th percentile, from every event',
            description: '95 of 100 checks are faster. Reckoned from the single events in the views.',
            unit: 'ms',
            width: 12,
            interval: '10s',
            min: 0,
            queries: [
              sql(
                `select $__timeGroupAlias(time, $__interval), environment || ' · ' || service as metric,
                  percentile_cont(0.95) within group (order by value) as value
                from metric_view
                where $__timeFilter(time) and name = 'monitor.checked' and value_name = 'durationMs' and ${chosen}
                group by 1, 2 order by 1`,
                'time_series',
              ),
            ],
          }),
          lines({
            title: 'Duration of checks, 95th percentile, from Prometheus',
            description: 'The slowest monitor of each service: the rollup "monitors" as Prometheus scrapes it.',
            unit: 'ms',
            width: 12,
            interval: '1m',
            min: 0,
            queries: [
              promql(
                'max by (environment, service) (monitors_durationMs_p95{environment=~"$environment", service=~"$service"})',
                '{{environment}} · {{service}}',
              ),
            ],
          }),
        ],
      },
    ],
  });
