import type { RefusedInputCount } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, printJson, printTable } from '../output.ts';

const listCommand = () =>
  new Command('list')
    .description(
      'List what doors refused, counted by door, key and reason: lines that cannot be read, new series that are too many. --json shows examples too.',
    )
    .option('--limit <number>', 'how many kinds', '100')
    .action(async ({ limit }: { readonly limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const list = await client.call('listRefusedInputs', { query: { limit: wholeNumber(limit, '--limit') } });
      if (isJson) return printJson(list);
      printTable(
        ['LAST (UTC)', 'TENANT', 'DOOR', 'KEY', 'REASON', 'COUNT', 'WHAT WAS WRONG LAST'],
        list.items.map(rowOf),
        'Nothing was refused: everything that came could be taken.',
      );
    });

function rowOf({ lastAt, tenant, door, key, reason, count, message }: RefusedInputCount): string[] {
  return [instant(lastAt), tenant, door, key ?? '–', reason, String(count), message];
}

export const refusedInputCommand = () =>
  new Command('refused-input')
    .description('What doors could not take, by door, key and reason.')
    .addCommand(listCommand());
