import { type DeadLetter, deadLetterPage } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, print, printJson, printTable } from '../output.ts';

interface ListFlags {
  readonly reason?: string;
  readonly of?: 'messages' | 'doors';
  readonly from?: string;
  readonly to?: string;
  readonly limit: string;
}

const listCommand = () =>
  new Command('list')
    .description('List messages and events that could not be taken, newest first; --json shows their bodies too.')
    .option('--reason <code>', 'only with this reason, such as validation_failed')
    .option('--of <kind>', 'only `messages` of topics, or only what `doors` refused')
    .option('--from <time>', 'start: now-1h or 2026-01-31T10:00:00Z (all that are kept)')
    .option('--to <time>', 'end (now)')
    .option('--limit <number>', `how many, at most ${deadLetterPage}`, '50')
    .action(async ({ limit, ...given }: ListFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const page = await client.call('listDeadLetters', { query: { ...given, limit: wholeNumber(limit, '--limit') } });
      if (isJson) return printJson(page);
      printTable(
        ['TIME (UTC)', 'TENANT', 'REASON', 'FROM', 'WHAT IS WRONG'],
        page.items.map(rowOf),
        'There are no dead letters: everything that came could be taken.',
      );
      if (page.next !== null) print('\nThere are older ones; raise --limit, or end earlier with --to.');
    });

function rowOf({ at, tenant, reason, origin, eventIndex, message }: DeadLetter): string[] {
  const place = eventIndex === null ? origin : `${origin}, event ${eventIndex}`;
  return [instant(at), tenant ?? '–', reason, place, message];
}

export const deadLetterCommand = () =>
  new Command('dead-letter')
    .description('Messages and events that could not be taken, with the reason.')
    .addCommand(listCommand());
