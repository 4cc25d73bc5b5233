import { type Service, WatchkeeperError } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { instant, print, printJson, printTable, stateWord } from '../output.ts';

const listCommand = () =>
  new Command('list')
    .description('List services with their state in every environment.')
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const page = await client.call('listServices', { query: { limit: 1000 } });
      if (isJson) return printJson(page);
      printTable(
        ['STATE', 'SERVICE', 'TITLE', 'ENVIRONMENT', 'SINCE (UTC)', 'NEEDS', 'WHY'],
        page.items.flatMap(rowsOf),
        'There are no services yet. They are made together with monitors.',
      );
    });

function rowsOf({ name, title, dependsOn, states }: Service): string[][] {
  const needs = dependsOn.join(' ');
  if (states.length === 0) return [[stateWord('unknown'), name, title, '–', '–', needs, 'no monitor watches it']];
  return states.map((state) => {
    const why = state.heldBy === null ? (state.message ?? '') : `held: ${state.heldBy} has failed`;
    return [stateWord(state.state), name, title, state.environment, instant(state.since), needs, why];
  });
}

const getCommand = () =>
  new Command('get')
    .description('Show a service.')
    .argument('<service>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const service = await client.call('getService', { params: { name } });
      if (isJson) return printJson(service);
      print(`${service.title} (${service.name}), watched by ${service.monitors} monitors\n`);
      printTable(['STATE', 'SERVICE', 'TITLE', 'ENVIRONMENT', 'SINCE (UTC)', 'NEEDS', 'WHY'], rowsOf(service), '');
    });

const putCommand = () =>
  new Command('put')
    .description('Make a service or change it.')
    .argument('<service>', 'its name: lower-case letters, digits, dots, dashes')
    .option('--title <title>', 'what people read')
    .option('--needs <services...>', 'services it depends on; "none" for none')
    .action(async (name: string, options: { title?: string; needs?: string[] }, command: Command) => {
      if (options.needs !== undefined && options.needs.length > 1 && options.needs.includes('none')) {
        throw new WatchkeeperError('usage', '--needs names either services or "none".');
      }
      const { client, isJson } = connect(command);
      const dependsOn = options.needs?.[0] === 'none' ? [] : options.needs;
      const service = await client.call('putService', {
        params: { name },
        body: {
          name,
          ...(options.title === undefined ? {} : { title: options.title }),
          ...(dependsOn === undefined ? {} : { dependsOn }),
        },
      });
      if (isJson) return printJson(service);
      print(`Service "${service.name}" has version ${service.version} now.`);
    });

const deleteCommand = () =>
  new Command('delete')
    .description('Delete a service that no monitor watches.')
    .argument('<service>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('deleteService', { params: { name } });
      if (isJson) return printJson({ deleted: name });
      print(`Deleted service "${name}".`);
    });

export const serviceCommand = () =>
  new Command('service')
    .description('Services: what users call the thing.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(deleteCommand());
