import {
  groupedByRole,
  isHistory,
  lagOf,
  lagText,
  lengthText,
  type ProcessList,
  type ProcessView,
  processesAnswer,
  processName,
  readsText,
  recentError,
  watchesText,
  workText,
} from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { instant, milliseconds, paint, print, printJson, printTable } from '../output.ts';

const listCommand = () =>
  new Command('list')
    .description(
      'List processes with their roles, the partitions they read, how far they are behind, and their last error.',
    )
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const list = await client.call('listProcesses');
      if (isJson) return printJson(list);
      const shown = groupedByRole(list.items).filter((item) => !isHistory(item, list));
      printTable(
        ['PROCESS', 'STATE', 'ROLES', 'READS', 'LAG', 'LATENESS', 'DROPPED', 'SEEN (UTC)', 'LAST ERROR'],
        shown.map((item) => rowOf(item, list)),
        'No process has told of itself yet.',
      );
      const past = list.items.length - shown.length;
      if (past > 0) print(`\n${past} more fell silent within a day; others do the work. --json shows all.`);
      const { title, sentences } = processesAnswer(list);
      print(`\n${[`${title}.`, ...sentences].join(' ')}`);
    });

function rowOf(item: ProcessView, list: ProcessList): string[] {
  const { id, roles, state, isRemote, figures, replacedBy, abandoned } = item;
  const taken =
    replacedBy.length > 0 ? `, ${workText(item, list.items)}` : abandoned.length > 0 ? ', nobody does its work' : '';
  const error = recentError(figures, Date.parse(list.at));
  return [
    `${processName(id, list.items)}${isRemote ? ' (remote)' : ''}`,
    state === 'running' ? paint('green', 'Running') : `${paint('red', 'Silent')}${taken}`,
    roles.map((role) => (role === 'scheduler' ? `scheduler (${watchesText(item)})` : role)).join(' '),
    readsText(id, list.readers) || '–',
    lagText(lagOf(list.readers.filter(({ holder }) => holder === id))),
    milliseconds(figures.latenessP99Ms),
    String(figures.dropped),
    instant(item.seenAt),
    error === null ? '–' : `${lengthText(Date.parse(list.at) - Date.parse(error.at))} ago: ${error.message}`,
  ];
}

export const processCommand = () =>
  new Command('process').description('Processes that work on the same database.').addCommand(listCommand());
