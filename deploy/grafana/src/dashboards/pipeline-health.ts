import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { assembleDashboard } from '../assemble-dashboard.ts';
import { countedSpread } from '../heat-maps.ts';
import { lines, numbers, stackedAreas } from '../panels.ts';
import { promql, promqlNow } from '../queries.ts';
import { chosenLabels } from '../variables.ts';

const here = 'instance=~"$instance"';
const metric = (name: string, more = '') => `watchkeeper_${name}{${here}${more}}`;
const rate = (name: string, by = '') =>
  `sum${by === '' ? '' : ` by (${by})`} (rate(${metric(name)}[$__rate_interval]))`;
/** Every process tells the same of what they share. */
const shared = (name: string, by: string) => `max by (${by}) (${metric(name)})`;

export const pipelineHealth = () =>
  assembleDashboard({
    uid: 'watchkeeper-pipeline',
    title: 'Watchkeeper · Pipeline health',
    description:
      'Whether Watchkeeper itself is well: what comes in, how far readers are behind, what is lost or refused.',
    variables: [
      chosenLabels('instance', 'watchkeeper_log_events_total', {
        label: 'Process',
        description: 'Address of a process of Watchkeeper, as Prometheus scrapes it',
      }),
    ],
    rows: [
      {
        title: 'Now',
        panels: [
          numbers({
            title: 'Processes',
            description: 'Processes of Watchkeeper that tell of themselves.',
            unit: 'short',
            width: 4,
            queries: [promql(`count(${metric('log_events_total')})`, 'Processes')],
            thresholds: ['red', [1, 'green']],
          }),
          numbers({
            title: 'Events per second',
            description: 'Growth of the log. All processes count the same log.',
            unit: 'short',
            decimals: 1,
            width: 4,
            queries: [promql(`max(rate(${metric('log_events_total')}[$__rate_interval]))`, 'Events')],
          }),
          numbers({
            title: 'Furthest behind',
            description: 'Events that the slowest reader has not read.',
            unit: 'short',
            width: 4,
            queries: [promql(`max(${metric('reader_lag_events')})`, 'Events')],
            thresholds: ['green', [10_000, 'orange'], [100_000, 'red']],
          }),
          numbers({
            title: 'Events dropped',
            description: 'Events that schedulers dropped while the log was away, in the time of the dashboard.',
            unit: 'short',
            decimals: 0,
            width: 4,
            queries: [promqlNow(`sum(increase(${metric('scheduler_dropped_events_total')}[$__range]))`, 'Dropped')],
            thresholds: ['green', [1, 'red']],
          }),
          numbers({
            title: 'Dead letters',
            description: 'Messages and events that could not be taken and were put aside, all that are kept.',
            unit: 'short',
            width: 4,
            queries: [promql(`max(${metric('dead_letters_total')})`, 'Dead letters')],
            thresholds: ['green', [1, 'orange']],
          }),
          numbers({
            title: 'Alerts given up',
            description: 'Notifications that no receiver took, in the time of the dashboard.',
            unit: 'short',
            decimals: 0,
            width: 4,
            queries: [promqlNow(`sum(increase(${metric('alerts_given_up_total')}[$__range]))`, 'Given up')],
            thresholds: ['green', [1, 'red']],
          }),
        ],
      },
      {
        title: 'What comes in',
        panels: [
          lines({
            title: 'Events',
            description: 'Events that enter the log, that are added up, and that states are judged by, per second.',
            unit: 'eps',
            width: 12,
            min: 0,
            queries: [
              promql(`max(rate(${metric('log_events_total')}[$__rate_interval]))`, 'stored'),
              promql(rate('processor_events_total'), 'added up'),
              promql(rate('health_verdicts_total'), 'judged'),
            ],
          }),
          lines({
            title: 'Clients without identity',
            description: 'Line protocol and the like, per second: stored, repeated, refused, unreadable.',
            unit: 'eps',
            width: 12,
            min: 0,
            queries: [
              promql(rate('receipt_events_total'), 'stored'),
              promql(rate('receipt_repeated_events_total'), 'repeated'),
              promql(rate('receipt_refused_events_total'), 'refused'),
              promql(rate('receipt_unreadable_total'), 'unreadable'),
            ],
          }),
          lines({
            title: 'Readers behind',
            description:
              'Events of the log that a reader has not read, over all partitions. It should fall back to zero.',
            unit: 'short',
            width: 12,
            min: 0,
            thresholds: ['green', [100_000, 'red']],
            queries: [promql(`sum by (reader) (${shared('reader_lag_events', 'reader, partition')})`, '{{reader}}')],
          }),
          lines({
            title: 'Waiting',
            description: 'Events in the memory of processes that are not stored yet.',
            unit: 'short',
            width: 12,
            min: 0,
            queries: [
              promql(`sum(${metric('scheduler_waiting_events')})`, 'of checks'),
              promql(`sum(${metric('receipt_waiting_events')})`, 'of clients'),
            ],
          }),
        ],
      },
      {
        title: 'Checks',
        panels: [
          lines({
            title: 'Checks per second',
            description: 'Checks with a result, and slots that were left out since the last check was still under way.',
            unit: 'ops',
            width: 8,
            min: 0,
            queries: [
              promql(rate('scheduler_checks_total', 'instance'), '{{instance}} checks'),
              promql(rate('scheduler_skipped_slots_total', 'instance'), '{{instance}} left out'),
            ],
          }),
          lines({
            title: 'Late checks',
            description: '99 of 100 checks began with less delay. Above 50 ms a scheduler has too much to do.',
            unit: 's',
            width: 8,
            min: 0,
            thresholds: ['green', [0.05, 'orange'], [1, 'red']],
            queries: [promql(metric('scheduler_lateness_p99_seconds'), '{{instance}}')],
          }),
          stackedAreas({
            title: 'Checks under way',
            description: 'Checks that run, and those that wait for a place.',
            unit: 'short',
            width: 8,
            min: 0,
            queries: [
              promql(`sum(${metric('scheduler_running_checks')})`, 'running'),
              promql(`sum(${metric('scheduler_queued_checks')})`, 'waiting'),
            ],
          }),
        ],
      },
      {
        title: 'What goes out',
        panels: [
          lines({
            title: 'Sinks',
            description: 'Events that targets took or refused for good, and attempts that failed, per second.',
            unit: 'eps',
            width: 8,
            min: 0,
            queries: [
              promql(rate('sinks_forwarded_events_total'), 'taken'),
              promql(rate('sinks_refused_events_total'), 'refused'),
              promql(rate('sinks_failed_attempts_total'), 'failed attempts'),
            ],
          }),
          lines({
            title: 'Alerts',
            description:
              'Notifications that were delivered, attempts that failed, and those that were given up, per second.',
            unit: 'ops',
            width: 8,
            min: 0,
            queries: [
              promql(rate('alerts_delivered_total'), 'delivered'),
              promql(rate('alerts_failed_attempts_total'), 'failed attempts'),
              promql(rate('alerts_given_up_total'), 'given up'),
            ],
          }),
          lines({
            title: 'Live feed',
            description: 'Open streams of live events.',
            unit: 'short',
            width: 8,
            min: 0,
            queries: [promql(metric('live_clients'), '{{instance}}')],
          }),
        ],
      },
      {
        title: 'API',
        panels: [
          lines({
            title: 'Requests, by status',
            description: 'Requests per second that were answered with each status.',
            unit: 'reqps',
            width: 8,
            min: 0,
            queries: [promql(`sum by (status) (rate(http_requests_total{${here}}[$__rate_interval]))`, '{{status}}')],
          }),
          lines({
            title: 'Slowest routes, 95th percentile',
            description: '95 of 100 requests of a route are answered faster; the ten slowest routes.',
            unit: 's',
            width: 8,
            min: 0,
            queries: [
              promql(
                `topk(10, histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket{${here}}[$__rate_interval]))))`,
                '{{route}}',
              ),
            ],
          }),
          countedSpread(
            {
              title: 'How durations of requests are spread',
              description: 'Requests of all routes, counted by how long they took.',
              unit: 'short',
              width: 8,
              queries: [
                promql(
                  `sum by (le) (increase(http_request_duration_seconds_bucket{${here}}[$__rate_interval]))`,
                  '{{le}}',
                  PromQueryFormat.Heatmap,
                ),
              ],
            },
            's',
          ),
        ],
      },
      {
        title: 'Processes',
        panels: [
          lines({
            title: 'Memory',
            description: 'Resident memory of each process.',
            unit: 'bytes',
            width: 8,
            min: 0,
            queries: [promql(`process_resident_memory_bytes{${here}}`, '{{instance}}')],
          }),
          lines({
            title: 'Processor',
            description: 'Cores that each process keeps busy.',
            unit: 'short',
            decimals: 2,
            width: 8,
            min: 0,
            queries: [promql(`rate(process_cpu_seconds_total{${here}}[$__rate_interval])`, '{{instance}}')],
          }),
          lines({
            title: 'Delay of the event loop, 99th percentile',
            description: 'How long work waits for its turn in a process.',
            unit: 's',
            width: 8,
            min: 0,
            thresholds: ['green', [0.1, 'orange'], [1, 'red']],
            queries: [promql(`nodejs_eventloop_lag_p99_seconds{${here}}`, '{{instance}}')],
          }),
        ],
      },
    ],
  });
