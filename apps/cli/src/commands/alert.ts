import { type Alert, alertSubject } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { wholeNumber } from '../monitor-input.ts';
import { instant, milliseconds, print, printJson, printTable, stateWord } from '../output.ts';
import { readObjects } from '../read-objects.ts';
import { alertRuleCommand } from './alert-rule.ts';

const listCommand = () =>
  new Command('list')
    .description('List alerts, newest first.')
    .option('--open', 'only those that are not over')
    .option('--service <service>', 'only of this service')
    .option('--environment <environment>', 'only in this environment')
    .option('--limit <number>', 'how many', '50')
    .action(
      async (options: { open?: boolean; service?: string; environment?: string; limit: string }, command: Command) => {
        const { client, isJson } = connect(command);
        const { open, service, environment, limit } = options;
        const page = await client.call('listAlerts', {
          query: {
            ...(open === true ? { open } : {}),
            ...(service === undefined ? {} : { service }),
            ...(environment === undefined ? {} : { environment }),
            limit: wholeNumber(limit, '--limit'),
          },
        });
        if (isJson) return printJson(page);
        printTable(
          ['STATE', 'WHAT', 'OPENED (UTC)', 'OVER (UTC)', 'TOLD', 'WHY', 'ID'],
          page.items.map((alert) => [
            stateWord(alert.resolvedAt === null ? alert.state : 'ok'),
            alertSubject(alert),
            instant(alert.openedAt),
            instant(alert.resolvedAt),
            toldText(alert),
            alert.message ?? '',
            alert.id,
          ]),
          'No alerts.',
        );
      },
    );

function toldText({ held, heldBy, deliveries }: Alert): string {
  if (held) return `held by ${heldBy ?? 'a dependency'}`;
  const told = new Set(deliveries.filter(({ deliveredAt }) => deliveredAt !== null).map(({ channel }) => channel));
  const waiting = deliveries.filter(({ deliveredAt, givenUpAt }) => deliveredAt === null && givenUpAt === null).length;
  const parts = [...told].sort();
  if (waiting > 0) parts.push(`${waiting} waiting`);
  return parts.join(', ') || 'nobody';
}

const getCommand = () =>
  new Command('get')
    .description('Show an alert and who was told.')
    .argument('<alert>', 'its identifier')
    .action(async (id: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const alert = await client.call('getAlert', { params: { id } });
      if (isJson) return printJson(alert);
      const until = alert.resolvedAt === null ? 'and is open' : `and ended ${instant(alert.resolvedAt)} UTC`;
      print(`${alertSubject(alert)}: ${stateWord(alert.state)} – ${alert.message ?? ''}`);
      print(`Opened ${instant(alert.openedAt)} UTC ${until}.\n`);
      printTable(
        ['CHANNEL', 'KIND', 'TOLD (UTC)', 'ATTEMPTS', 'NEXT (UTC)', 'ERROR'],
        alert.deliveries.map((delivery) => [
          delivery.channel,
          delivery.kind,
          delivery.givenUpAt === null ? instant(delivery.deliveredAt) : 'given up',
          String(delivery.attempts),
          instant(delivery.nextAttemptAt),
          delivery.lastError ?? '',
        ]),
        'Nobody was told: no channel fits, or the alert is held.',
      );
    });

const testCommand = () =>
  new Command('test')
    .description('Send a test notification through a channel and tell what became of it.')
    .argument('<channel>', 'name of the channel')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const result = await client.call('testAlertChannel', { params: { name }, body: {} });
      if (!result.delivered) process.exitCode = 69;
      if (isJson) return printJson(result);
      print(
        result.delivered
          ? `Delivered in ${milliseconds(result.durationMs)}: ${result.answer ?? 'accepted'}`
          : `Not delivered after ${milliseconds(result.durationMs)}: ${result.error ?? 'no reason was given'}`,
      );
    });

const channelListCommand = () =>
  new Command('list').description('List channels.').action(async (_options, command: Command) => {
    const { client, isJson } = connect(command);
    const { items } = await client.call('listAlertChannels');
    if (isJson) return printJson(items);
    printTable(
      ['CHANNEL', 'TYPE', 'TELLS OF', 'ENVIRONMENTS', 'SERVICES', 'LAST (UTC)', 'RESULT'],
      items.map((channel) => [
        channel.paused ? `${channel.name} (paused)` : channel.name,
        channel.type,
        `${channel.states.join(', ')}${channel.resolved ? '; and when it is over' : ''}`,
        channel.environments.join(' ') || 'all',
        channel.services.join(' ') || 'all',
        instant(channel.lastDelivery?.at),
        channel.lastDelivery === null
          ? '–'
          : channel.lastDelivery.delivered
            ? 'delivered'
            : (channel.lastDelivery.error ?? 'failed'),
      ]),
      'No channels: nobody is told. `watchkeeper alert channel types` shows what there is; make one with `watchkeeper apply`.',
    );
  });

const channelTypesCommand = () =>
  new Command('types')
    .description('Show the channel types and their options.')
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const { items } = await client.call('listAlertChannelTypes');
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

const channelPutCommand = () =>
  new Command('put')
    .description('Make or change a channel from a file: name, type, options, states, environments, services.')
    .requiredOption('-f, --file <path>', 'YAML or JSON; - for standard input')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { client, isJson } = connect(command);
      for (const { object } of readObjects([file])) {
        const { kind: _, ...body } = object;
        const channel = await client.call('putAlertChannel', {
          params: { name: String(body.name) },
          body: body as never,
        });
        if (isJson) printJson(channel);
        else
          print(
            `Channel "${channel.name}" has version ${channel.version} now. Try it: watchkeeper alert test ${channel.name}`,
          );
      }
    });

const channelDeleteCommand = () =>
  new Command('delete')
    .description('Delete a channel.')
    .argument('<channel>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('deleteAlertChannel', { params: { name } });
      if (isJson) return printJson({ deleted: name });
      print(`Deleted channel "${name}".`);
    });

export const alertCommand = () =>
  new Command('alert')
    .description('Alerts, and who is told.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(testCommand())
    .addCommand(alertRuleCommand())
    .addCommand(
      new Command('channel')
        .description('Channels: who is told, how, and of what.')
        .addCommand(channelListCommand())
        .addCommand(channelTypesCommand())
        .addCommand(channelPutCommand())
        .addCommand(channelDeleteCommand()),
    );
