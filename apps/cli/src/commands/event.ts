import { setTimeout as pause } from 'node:timers/promises';
import { ServerUnreachableError } from '@watchkeeper/client';
import { type EventView, type Outcome, outcomes, type QueryResult } from '@watchkeeper/model';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { pair, wholeNumber } from '../monitor-input.ts';
import { instant, milliseconds, print, printJson, printTable, stateWord } from '../output.ts';

interface Filter {
  readonly name?: string;
  readonly monitor?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
}

const withFilter = (command: Command) =>
  command
    .option('--name <name>', 'only events of this name, such as monitor.checked')
    .option('--monitor <id>', 'only of this monitor')
    .option('--service <service>', 'only of this service')
    .option('--environment <environment>', 'only in this environment')
    .option('--zone <zone>', 'only from this zone')
    .addOption(new Option('--outcome <outcome>', 'only with this outcome').choices(outcomes))
    .option('--reason <reason>', 'only with this reason');

function filterOf({ name, monitor, service, environment, zone, outcome, reason }: Filter) {
  const given = { name, monitor, service, environment, zone, outcome, reason };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A line of `list` and `tail`; of what others send all values and attributes, for nobody knows which of them matter. */
export function lineOf(event: EventView): string {
  const { time, zone, host, outcome, service, environment, name, reason, values, attributes, detail } = event;
  const { durationMs, ...others } = values;
  const said = name.startsWith('monitor.')
    ? [attributes.status, reason, detail?.message]
    : [reason, ...Object.entries({ ...(host === '' ? {} : { host }), ...attributes, ...others }).map(namedText)];
  const saw = said.filter((part) => part !== undefined && part !== null);
  return [
    time.slice(11, 23),
    zone.padEnd(12),
    stateWord(outcome).padEnd(8),
    [service, environment]
      .filter((part) => part !== '')
      .join('/')
      .padEnd(24),
    name.padEnd(17),
    milliseconds(durationMs).padStart(8),
    saw.join(' '),
  ].join('  ');
}

const namedText = ([name, value]: [string, string | number | null]) => `${name}=${value ?? '–'}`;

const tailCommand = () =>
  withFilter(new Command('tail'))
    .description('Show events as they arrive, until Ctrl-C; goes on by itself when the server was away.')
    .option('--count <number>', 'end after so many')
    .action(async (options: Filter & { count?: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      let left = options.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber(options.count, '--count');
      while (!stop.signal.aborted && left > 0) {
        try {
          for await (const message of client.stream('streamEvents', {
            query: filterOf(options),
            signal: stop.signal,
          })) {
            if (message.event !== 'event') continue;
            for (const event of (JSON.parse(message.data) as EventView[]).slice(0, left)) {
              print(isJson ? JSON.stringify(event) : lineOf(event));
              left -= 1;
            }
            if (left <= 0) break;
          }
        } catch (error) {
          if (stop.signal.aborted) break;
          if (!(error instanceof ServerUnreachableError) && !(error instanceof TypeError)) throw error;
        }
        if (left <= 0 || stop.signal.aborted) break;
        process.stderr.write('The stream ended; asking for it again.\n');
        await pause(2000, undefined, { signal: stop.signal }).catch(() => undefined);
      }
      stop.abort();
    });

const listCommand = () =>
  withFilter(new Command('list'))
    .description('List events, newest first.')
    .option('--from <time>', 'start: now-1h or 2026-01-31T10:00:00Z (now-1h)')
    .option('--to <time>', 'end (now)')
    .option('--limit <number>', 'how many', '50')
    .action(async (options: Filter & { from?: string; to?: string; limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const { from, to, limit } = options;
      const page = await client.call('listEvents', {
        query: {
          ...filterOf(options),
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
          limit: wholeNumber(limit, '--limit'),
        },
      });
      if (isJson) return printJson(page);
      if (page.items.length === 0) return print('No events in this time. Look further back with --from now-1d.');
      for (const event of page.items) print(lineOf(event));
    });

interface QueryFlags {
  readonly rollup?: string;
  readonly events?: string;
  readonly where?: readonly string[];
  readonly from: string;
  readonly to?: string;
  readonly groupBy?: readonly string[];
  readonly step?: string;
  readonly limit: string;
}

const queryCommand = () =>
  new Command('query')
    .description('Ask events or a rollup for aggregates, such as count, p95(durationMs) or counter(status).')
    .argument('<aggregates...>', 'count, min(v), max(v), sum(v), avg(v), p95(v), counter(attribute)')
    .option('--rollup <name>', 'ask this rollup instead of raw events')
    .option('--events <name>', 'name of the raw events', 'monitor.checked')
    .option('--where <dimension=a,b...>', 'only these values of a dimension or attribute')
    .option('--from <time>', 'start', 'now-1h')
    .option('--to <time>', 'end (now)')
    .option('--group-by <dimensions...>', 'one row per value of these')
    .option('--step <duration>', 'one row per period')
    .option('--limit <number>', 'most rows', '1000')
    .action(async (aggregates: string[], flags: QueryFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const where = (flags.where ?? []).map((text) => pair(text, '--where'));
      const result = await client.call('query', {
        body: {
          ...(flags.rollup === undefined ? { events: flags.events ?? 'monitor.checked' } : { rollup: flags.rollup }),
          ...(where.length === 0
            ? {}
            : { where: Object.fromEntries(where.map(([name, text]) => [name, text.split(',')])) }),
          from: flags.from,
          ...(flags.to === undefined ? {} : { to: flags.to }),
          ...(flags.groupBy === undefined ? {} : { groupBy: [...flags.groupBy] }),
          ...(flags.step === undefined ? {} : { step: flags.step }),
          aggregates,
          limit: wholeNumber(flags.limit, '--limit'),
        },
      });
      if (isJson) return printJson(result);
      showResult(result, flags.groupBy ?? [], aggregates);
    });

function showResult(result: QueryResult, groupBy: readonly string[], aggregates: readonly string[]): void {
  const { truncated } = result;
  const hasTime = result.rows.some(({ at }) => at !== null);
  const rows = withoutEmptyBeginning(result.rows);
  printTable(
    [...(hasTime ? ['TIME (UTC)'] : []), ...groupBy, ...aggregates, 'SERIES'],
    rows.map(({ at, group, values, sources }) => [
      ...(hasTime ? [instant(at)] : []),
      ...groupBy.map((name) => group[name] ?? ''),
      ...aggregates.map((name) => valueText(values[name])),
      String(sources),
    ]),
    'No events in this time. Look further back with --from now-1d.',
  );
  const leftOut = result.rows.length - rows.length;
  if (leftOut > 0) print(`\n${leftOut} ${leftOut === 1 ? 'row' : 'rows'} before the first events left out.`);
  if (truncated) print('\nThere are more rows; raise --limit or ask for less.');
}

/** Periods before anything was seen say nothing; a gap later does. */
export function withoutEmptyBeginning(rows: QueryResult['rows']): QueryResult['rows'] {
  const first = rows.find(({ sources }) => sources > 0);
  return first === undefined ? [] : rows.slice(rows.findIndex(({ at }) => at === first.at));
}

function valueText(value: QueryResult['rows'][number]['values'][string] | undefined): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toPrecision(4);
  return Object.entries(value)
    .map(([key, count]) => `${key}: ${count}`)
    .join(', ');
}

export const eventCommand = () =>
  new Command('event')
    .description('Events: every single observation.')
    .addCommand(tailCommand())
    .addCommand(listCommand())
    .addCommand(queryCommand());
