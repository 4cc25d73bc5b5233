import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { findMonitor } from '../find-monitor.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, milliseconds, printJson, printTable } from '../output.ts';

interface StatsFlags {
  readonly granularity: 'minute' | 'hour' | 'day';
  readonly from: string;
  readonly to?: string;
  readonly limit: string;
}

export const statsCommand = () =>
  new Command('stats')
    .description('Show the statistics of a monitor: shortest and longest answer, and what was answered how often.')
    .argument('<monitor>', 'name or identifier')
    .addOption(new Option('--granularity <period>', 'period').choices(['minute', 'hour', 'day']).default('minute'))
    .option('--from <time>', 'start', 'now-1h')
    .option('--to <time>', 'end (now)')
    .option('--limit <number>', 'most rows', '200')
    .action(async (idOrName: string, flags: StatsFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const { id } = await findMonitor(client, idOrName);
      const { rows } = await client.call('getMonitorStatistics', {
        params: { id },
        query: {
          granularity: flags.granularity,
          from: flags.from,
          ...(flags.to === undefined ? {} : { to: flags.to }),
          limit: wholeNumber(flags.limit, '--limit'),
        },
      });
      if (isJson) return printJson(rows);
      const inMs = (seconds: number | null) => milliseconds(seconds === null ? null : seconds * 1000);
      printTable(
        [flags.granularity.toUpperCase(), 'ENVIRONMENT', 'ZONE', 'SHORTEST', 'LONGEST', 'ANSWERS'],
        rows.map((row) => [
          instant(row.dt),
          row.environment,
          row.zone,
          inMs(row.rtMin),
          inMs(row.rtMax),
          Object.entries(row.data)
            .map(([answer, count]) => `${answer}: ${count}`)
            .join(', '),
        ]),
        'Nothing was counted in this time. Look further back with --from now-1d.',
      );
    });
