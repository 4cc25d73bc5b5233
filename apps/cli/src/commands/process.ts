import {
  lagOf,
  lagText,
  type ProcessList,
  type ProcessView,
  processesAnswer,
  processName,
  readsText,
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
      printTable(
        ['PROCESS', 'STATE', 'ROLES', 'READS', 'LAG', 'LATENESS', 'DROPPED', 'SEEN (UTC)', 'LAST ERROR'],
        list.items.map((item) => rowOf(item, list)),
        'No process has told of itself yet.',
      );
      const { title, sentences } = processesAnswer(list);
      print(`\n${[`${title}.`, ...sentences].join(' ')}`);
    });

function rowOf(item: ProcessView, list: ProcessList): string[] {
  const { id, roles, zones, state, isRemote, figures, replacedBy, abandoned } = item;
  const others = replacedBy.map(({ process }) => processName(process, list.items));
  const taken = others.length > 0 ? `, replaced by ${others.join(', ')}` : abandoned.length > 0 ? ', not replaced' : '';
  return [
    `${processName(id, list.items)}${isRemote ? ' (remote)' : ''}`,
    state === 'running' ? paint('green', 'Running') : `${paint('red', 'Silent')}${taken}`,
    roles.map((role) => (role === 'scheduler' ? `scheduler (${zones.join(' ')})` : role)).join(' '),
    readsText(id, list.readers) || '–',
    lagText(lagOf(list.readers.filter(({ holder }) => holder === id))),
    milliseconds(figures.latenessP99Ms),
    String(figures.dropped),
    instant(item.seenAt),
    figures.lastError === null ? '–' : `${instant(figures.lastError.at)} ${figures.lastError.message}`,
  ];
}

export const processCommand = () =>
  new Command('process').description('Processes that work on the same database.').addCommand(listCommand());
