import { Command } from 'commander';
import { connect } from '../connection.ts';
import { print, printJson, printTable } from '../output.ts';

const listCommand = () =>
  new Command('list').description('List rollup definitions.').action(async (_options, command: Command) => {
    const { client, isJson } = connect(command);
    const { items } = await client.call('listRollups');
    if (isJson) return printJson(items);
    printTable(
      ['NAME', 'EVENTS', 'GROUPED BY', 'PERIODS', 'KEEPS'],
      items.map(({ name, builtIn, events, groupBy, granularities, aggregates }) => [
        builtIn ? `${name} (built in)` : name,
        events,
        groupBy.join(' '),
        granularities.join(' '),
        aggregates.join(' '),
      ]),
      '',
    );
  });

const getCommand = () =>
  new Command('get')
    .description('Show a rollup definition.')
    .argument('<rollup>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client } = connect(command);
      printJson(await client.call('getRollup', { params: { name } }));
    });

const deleteCommand = () =>
  new Command('delete')
    .description('Delete a rollup definition and what it added up.')
    .argument('<rollup>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('deleteRollup', { params: { name } });
      if (isJson) return printJson({ deleted: name });
      print(`Deleted rollup "${name}".`);
    });

export const rollupCommand = () =>
  new Command('rollup')
    .description('Rollups: events added up over periods. Made and changed with apply, asked with event query --rollup.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(deleteCommand());
