import { sinkLagText, sinkTakesText } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, print, printJson, printTable } from '../output.ts';
import { readObjects } from '../read-objects.ts';

const listCommand = () =>
  new Command('list')
    .description('List sinks, how far they are and what they forwarded.')
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const { items } = await client.call('listSinks');
      if (isJson) return printJson(items);
      printTable(
        ['SINK', 'TYPE', 'TAKES', 'STATE', 'BEHIND', 'FORWARDED', 'REFUSED', 'SKIPPED', 'LAST (UTC)', 'WHY'],
        items.map((sink) => [
          sink.name,
          sink.type,
          sinkTakesText(sink),
          sink.status.state,
          sinkLagText(sink),
          String(sink.status.forwarded),
          String(sink.status.refused),
          String(sink.status.skipped),
          instant(sink.status.forwardedAt),
          sink.status.lastError ?? '',
        ]),
        'No sinks: nothing is forwarded. `watchkeeper sink types` shows what there is; make one with `watchkeeper apply`.',
      );
    });

const getCommand = () =>
  new Command('get')
    .description('Show a sink.')
    .argument('<sink>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client } = connect(command);
      printJson(await client.call('getSink', { params: { name } }));
    });

const typesCommand = () =>
  new Command('types')
    .description('Show the sink types and their options.')
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const { items } = await client.call('listSinkTypes');
      if (isJson) return printJson(items);
      printTable(
        ['TYPE', 'WHAT IT DOES', 'OPTIONS'],
        items.map(({ name, summary, options }) => [
          name,
          summary,
          Object.keys((options.properties ?? {}) as object).join(', '),
        ]),
        '',
      );
    });

const putCommand = () =>
  new Command('put')
    .description('Make or change a sink from a file: name, type, options, events or rollup, mapping.')
    .requiredOption('-f, --file <path>', 'YAML or JSON; - for standard input')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { client, isJson } = connect(command);
      for (const { object } of readObjects([file])) {
        const { kind: _, ...body } = object;
        const sink = await client.call('putSink', { params: { name: String(body.name) }, body: body as never });
        if (isJson) printJson(sink);
        else print(`Sink "${sink.name}" has version ${sink.version} now. Look after it: watchkeeper sink list`);
      }
    });

const deleteCommand = () =>
  new Command('delete')
    .description('Delete a sink and how far it was.')
    .argument('<sink>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('deleteSink', { params: { name } });
      if (isJson) return printJson({ deleted: name });
      print(`Deleted sink "${name}".`);
    });

const refusalsCommand = () =>
  new Command('refusals')
    .description('List events that the target of a sink refused for good, newest first; --json shows them too.')
    .argument('<sink>', 'its name')
    .option('--limit <number>', 'how many, at most 200', '50')
    .action(async (name: string, { limit }: { limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const page = await client.call('listSinkRefusals', {
        params: { name },
        query: { limit: wholeNumber(limit, '--limit') },
      });
      if (isJson) return printJson(page);
      printTable(
        ['TIME (UTC)', 'EVENT', 'WHAT THE TARGET SAID'],
        page.items.map(({ at, event, reason }) => [instant(at), event, reason]),
        'Nothing was refused.',
      );
    });

export const sinkCommand = () =>
  new Command('sink')
    .description('Sinks: where events and rollups are forwarded.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(typesCommand())
    .addCommand(putCommand())
    .addCommand(deleteCommand())
    .addCommand(refusalsCommand());
