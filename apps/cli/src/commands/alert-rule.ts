import { groupText, ruleConditionText } from '@watchkeeper/model';
import { Command } from 'commander';
import { connect } from '../connection.ts';
import { instant, print, printJson, printTable } from '../output.ts';
import { readObjects } from '../read-objects.ts';

const listCommand = () =>
  new Command('list')
    .description('List alert rules and where they stand.')
    .action(async (_options, command: Command) => {
      const { client, isJson } = connect(command);
      const { items } = await client.call('listAlertRules');
      if (isJson) return printJson(items);
      printTable(
        ['RULE', 'WHEN', 'SPLIT BY', 'STATE', 'GROUPS', 'OPEN', 'LEFT OUT', 'JUDGED (UTC)'],
        items.map((rule) => [
          ...[
            rule.paused ? `${rule.name} (paused)` : rule.name,
            ruleConditionText(rule),
            rule.groupBy.join(' '),
            rule.state,
          ],
          ...[String(rule.status.groups), String(rule.status.open), String(rule.status.leftOut)],
          instant(rule.status.judgedAt),
        ]),
        'No alert rules. Make one with `watchkeeper alert rule put -f rule.yaml` or `watchkeeper apply`.',
      );
    });

const getCommand = () =>
  new Command('get')
    .description('Show an alert rule.')
    .argument('<rule>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client } = connect(command);
      printJson(await client.call('getAlertRule', { params: { name } }));
    });

const putCommand = () =>
  new Command('put')
    .description('Make or change alert rules from a file: name, events, aggregate, above or below, window, groupBy.')
    .requiredOption('-f, --file <path>', 'YAML or JSON; - for standard input')
    .action(async ({ file }: { file: string }, command: Command) => {
      const { client, isJson } = connect(command);
      for (const { object } of readObjects([file])) {
        const { kind: _, ...body } = object;
        const rule = await client.call('putAlertRule', { params: { name: String(body.name) }, body: body as never });
        if (isJson) printJson(rule);
        else print(`Alert rule "${rule.name}" has version ${rule.version} now: ${ruleConditionText(rule)}.`);
      }
    });

const tryCommand = () =>
  new Command('try')
    .description('Show what alert rules of a file would have done; nothing is saved and nobody is told.')
    .requiredOption('-f, --file <path>', 'YAML or JSON; - for standard input')
    .option('--from <time>', 'start: now-1h or 2026-01-31T10:00:00Z', 'now-1h')
    .action(async ({ file, from }: { file: string; from: string }, command: Command) => {
      const { client, isJson } = connect(command);
      for (const { object } of readObjects([file])) {
        const { kind: _, ...body } = object;
        const found = await client.call('previewAlertRule', { query: { from }, body: body as never });
        if (isJson) {
          printJson(found);
          continue;
        }
        const groups = found.groups === 1 ? '1 group' : `${found.groups} groups`;
        print(`Alert rule "${String(body.name)}", ${groups} with events:`);
        printTable(
          ['OPENED (UTC)', 'OVER (UTC)', 'GROUP', 'VALUE'],
          found.alerts.map(({ openedAt, resolvedAt, group, value }) => [
            ...[instant(openedAt), resolvedAt === null ? 'open' : instant(resolvedAt)],
            ...[groupText(group), value === null ? '–' : String(value)],
          ]),
          'It would have told nobody of anything.',
        );
      }
    });

const deleteCommand = () =>
  new Command('delete')
    .description('Delete an alert rule; its alerts end.')
    .argument('<rule>', 'its name')
    .action(async (name: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('deleteAlertRule', { params: { name } });
      if (isJson) return printJson({ deleted: name });
      print(`Deleted alert rule "${name}".`);
    });

export const alertRuleCommand = () =>
  new Command('rule')
    .description('Alert rules: what people want to be told of events, whatever their name.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(putCommand())
    .addCommand(tryCommand())
    .addCommand(deleteCommand());
