import type { CatalogueAttribute, CatalogueValue } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, print, printJson, printTable } from '../output.ts';

const valueText = ({ name, unit }: CatalogueValue) => (unit === null ? name : `${name} (${unit})`);
const countText = ({ values, isCapped }: CatalogueAttribute) => `${isCapped ? 'more than ' : ''}${values}`;

const listCommand = () =>
  new Command('list')
    .description('List the names of events that ever arrived, with their values and attributes.')
    .option('--q <text>', 'only names with this text')
    .option('--limit <number>', 'how many', '50')
    .action(async ({ q, limit }: { q?: string; limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const query = { limit: wholeNumber(limit, '--limit'), ...(q === undefined ? {} : { q }) };
      const { items, next } = await client.call('listCatalogue', { query });
      if (isJson) return printJson(items);
      printTable(
        ['NAME', 'SERIES', 'LAST SEEN (UTC)', 'VALUES', 'ATTRIBUTES'],
        items.map(({ name, series, lastSeen, values, attributes }) => [
          ...[name, String(series), instant(lastSeen)],
          ...[values.map(valueText).join(', '), attributes.map((attribute) => attribute.name).join(', ')],
        ]),
        'No events have arrived.',
      );
      if (next !== null) print('\nThere are more: say --q or a higher --limit.');
    });

const getCommand = () =>
  new Command('get')
    .description('Show what is known of one name: values with units, dimensions and attributes with examples.')
    .argument('<name>', 'name of the events')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const found = await client.call('getCatalogueName', { params: { name } });
      if (isJson) return printJson(found);
      print(`${found.name}: ${found.series} series, first seen ${instant(found.firstSeen)} UTC`);
      print(`Last seen ${instant(found.lastSeen)} UTC.\n`);
      printTable(
        ['VALUE', 'UNIT', 'WHAT IT IS'],
        found.values.map((value) => [value.name, value.unit ?? '', value.description ?? '']),
        'It has no values.',
      );
      print('');
      printTable(
        ['ATTRIBUTE', 'VALUES', 'SUCH AS'],
        [...found.dimensions, ...found.attributes].map((attribute) => [
          ...[attribute.name, countText(attribute), attribute.examples.join(', ')],
        ]),
        'It has no attributes.',
      );
    });

const attributeCommand = () =>
  new Command('attribute')
    .description('List the values that an attribute has had.')
    .argument('<name>', 'name of the events')
    .argument('<attribute>', 'a dimension or an attribute')
    .option('--q <text>', 'only values with this text')
    .option('--limit <number>', 'how many', '100')
    .action(async (name: string, attribute: string, { q, limit }: { q?: string; limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const query = { limit: wholeNumber(limit, '--limit'), ...(q === undefined ? {} : { q }) };
      const found = await client.call('listAttributeValues', { params: { name, attribute }, query });
      if (isJson) return printJson(found);
      for (const value of found.items) print(value);
      if (found.next !== null) print('\nThere are more: say --q or a higher --limit.');
    });

const describeCommand = () =>
  new Command('describe')
    .description('Say the unit of a value and what it is; without options what was said is taken back.')
    .argument('<name>', 'name of the events')
    .argument('<value>', 'name of the value')
    .option('--unit <unit>', 'such as ms, bytes, %')
    .option('--description <text>', 'what it is')
    .action(async (name: string, value: string, body: { unit?: string; description?: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const said = await client.call('putCatalogueValue', { params: { name, value }, body });
      if (isJson) return printJson(said);
      print(`"${value}" of "${name}" is in ${said.unit ?? 'no unit'}${said.unitIsSet ? '' : ', as its name says'}.`);
    });

export const catalogueCommand = () =>
  new Command('catalogue')
    .description('The catalogue: what arrives, registered when it is first seen.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(attributeCommand())
    .addCommand(describeCommand());
