import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@watchkeeper/client';
import { type CheckRun, type MonitorInput, type State, states, WatchkeeperError } from '@watchkeeper/model';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { findMonitor } from '../find-monitor.ts';
import { type MonitorFlags, readFlags, wholeNumber, withMonitorFlags } from '../monitor-input.ts';
import { instant, milliseconds, print, printJson, printTable, share, stateWord } from '../output.ts';

interface Filter {
  readonly search?: string;
  readonly state?: State;
  readonly type?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: string;
  readonly label?: string;
}

const withFilter = (command: Command) =>
  command
    .option('-q, --search <text>', 'text in name, service, environment, target or label')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .option('--type <type>', 'only of this type')
    .option('--service <service>', 'only of this service')
    .option('--environment <environment>', 'only in this environment')
    .option('--zone <zone>', 'only watched from this zone')
    .option('--label <key[=value]>', 'only with this label');

function filterOf({ search, state, type, service, environment, zone, label }: Filter) {
  const given = { q: search, state, type, service, environment, zone, label };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const listCommand = () =>
  withFilter(new Command('list'))
    .description('List monitors, worst first.')
    .addOption(new Option('--sort <order>', 'order').choices(['worst', 'name', 'newest']).default('worst'))
    .option('--limit <number>', 'how many', '100')
    .action(async (options: Filter & { sort: 'worst' | 'name' | 'newest'; limit: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const page = await client.call('listMonitors', {
        query: { ...filterOf(options), sort: options.sort, limit: wholeNumber(options.limit, '--limit') },
      });
      if (isJson) return printJson(page);
      printTable(
        ['STATE', 'NAME', 'SERVICE', 'ENVIRONMENT', 'ZONES', 'OK 1 H', 'P95', 'EVERY', 'WHY'],
        page.items.map(({ monitor, status, okRatio, p95Ms }) => [
          stateWord(status.state),
          monitor.name,
          monitor.service,
          monitor.environment,
          monitor.zones.join(' '),
          share(okRatio),
          milliseconds(p95Ms),
          monitor.interval,
          status.state === 'ok' ? '' : (status.message ?? status.reason ?? ''),
        ]),
        'No monitor fits. Make one with `watchkeeper monitor create`.',
      );
      if (page.next !== null) print(`\n${page.items.length} of ${page.total}; more with --limit or a filter.`);
    });

const getCommand = () =>
  new Command('get')
    .description('Show a monitor as it is written.')
    .argument('<monitor>', 'name or identifier')
    .action(async (idOrName: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const monitor = await findMonitor(client, idOrName);
      if (isJson) return printJson(monitor);
      const rows = Object.entries(monitor).map(([name, value]) => [
        name,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]);
      printTable(['FIELD', 'VALUE'], rows, '');
    });

const statusCommand = () =>
  new Command('status')
    .description('Show the state of a monitor in every zone, since when and why.')
    .argument('<monitor>', 'name or identifier')
    .action(async (idOrName: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const { id, name } = await findMonitor(client, idOrName);
      const status = await client.call('getMonitorStatus', { params: { id } });
      if (isJson) return printJson(status);
      const since = status.since === null ? '' : ` since ${instant(status.since)} UTC`;
      print(`${name}: ${stateWord(status.state)}${since}${status.message === null ? '' : ` – ${status.message}`}\n`);
      printTable(
        ['ZONE', 'STATE', 'SINCE (UTC)', 'LAST CHECK (UTC)', 'TOOK', 'WHY'],
        status.zones.map((zone) => [
          zone.zone,
          stateWord(zone.state),
          instant(zone.since),
          instant(zone.lastCheckedAt),
          milliseconds(zone.lastDurationMs),
          zone.message ?? '',
        ]),
        '',
      );
    });

const createCommand = () =>
  withMonitorFlags(new Command('create'))
    .description('Make a monitor.')
    .action(async (flags: MonitorFlags, command: Command) => {
      for (const needed of ['name', 'service', 'environment'] as const) {
        if (flags[needed] === undefined)
          throw new WatchkeeperError('usage', `--${needed} is needed to make a monitor.`);
      }
      const { client, isJson } = connect(command);
      const body = { options: {}, ...(await readFlags(client, flags)) } as MonitorInput;
      const monitor = await client.call('createMonitor', { body });
      if (isJson) return printJson(monitor);
      print(
        `Made monitor "${monitor.name}" (${monitor.id}): every ${monitor.interval} from ${monitor.zones.join(', ')}.`,
      );
    });

const changeCommand = () =>
  withMonitorFlags(new Command('change'))
    .description('Change what is said, leave the rest; options of the type are changed one by one.')
    .argument('<monitor>', 'name or identifier')
    .action(async (idOrName: string, flags: MonitorFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const present = await findMonitor(client, idOrName);
      const changes = await readFlags(client, flags, present.type);
      const { id, tenant: _, version, createdAt: _created, updatedAt: _updated, ...form } = present;
      const isOtherType = changes.type !== undefined && changes.type !== present.type;
      const options = { ...(isOtherType ? {} : present.options), ...changes.options };
      const monitor = await client.call('replaceMonitor', {
        params: { id },
        ifMatch: version,
        body: { ...form, ...changes, options },
      });
      if (isJson) return printJson(monitor);
      print(`Changed monitor "${monitor.name}"; it has version ${monitor.version} now.`);
    });

const deleteCommand = () =>
  new Command('delete')
    .description('Delete a monitor; its events stay until retention drops them.')
    .argument('<monitor>', 'name or identifier')
    .action(async (idOrName: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const { id, name, version } = await findMonitor(client, idOrName);
      await client.call('deleteMonitor', { params: { id }, ifMatch: version });
      if (isJson) return printJson({ deleted: id });
      print(`Deleted monitor "${name}".`);
    });

const switchCommand = (verb: 'start' | 'stop', description: string, said: string) =>
  new Command(verb)
    .description(description)
    .argument('<monitor>', 'name or identifier')
    .action(async (idOrName: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const { id } = await findMonitor(client, idOrName);
      const operation = verb === 'start' ? 'startMonitor' : 'stopMonitor';
      const monitor = await client.call(operation, { params: { id }, body: {} });
      if (isJson) return printJson(monitor);
      print(`Monitor "${monitor.name}" ${said}.`);
    });

const bulkCommand = () =>
  withFilter(new Command('bulk'))
    .description('Start, stop or delete all monitors that fit a filter; without --yes it only counts.')
    .argument('<action>', 'start, stop or delete')
    .option('--yes', 'do it')
    .action(async (action: string, options: Filter & { yes?: boolean }, command: Command) => {
      if (action !== 'start' && action !== 'stop' && action !== 'delete') {
        throw new WatchkeeperError('usage', `"${action}" is no action; there are start, stop and delete.`);
      }
      const { client, isJson } = connect(command);
      const dryRun = options.yes !== true;
      const result = await client.call('bulkMonitors', { body: { filter: filterOf(options), action, dryRun } });
      if (isJson) return printJson(result);
      const verb = { start: 'started', stop: 'stopped', delete: 'deleted' }[action];
      print(
        dryRun
          ? `${result.changed} of ${result.matched} monitors that fit would be ${verb}. Say --yes to do it.`
          : `${result.changed} of ${result.matched} monitors that fit were ${verb}.`,
      );
    });

const runCommand = () =>
  new Command('run')
    .description('Check a monitor now and show what every zone sees; exit code 1 when a check failed.')
    .argument('<monitor>', 'name or identifier')
    .option('--zone <zone...>', 'only from these zones')
    .action(async (idOrName: string, { zone }: { zone?: string[] }, command: Command) => {
      const { client, isJson } = connect(command);
      const { id } = await findMonitor(client, idOrName);
      const run = await client.call('runMonitor', { params: { id }, body: zone === undefined ? {} : { zones: zone } });
      const finished = await untilFinished(client, run);
      if (finished.zones.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
      if (isJson) return printJson(finished);
      showRun(finished);
    });

const testCommand = () =>
  withMonitorFlags(new Command('test'))
    .description(
      'Check a monitor that is not saved, from its zones; takes what create takes. Exit code 1 when a check failed.',
    )
    .action(async (flags: MonitorFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const unsaved = { name: 'test', service: 'test', environment: 'test', options: {} };
      const body = { ...unsaved, ...(await readFlags(client, flags)) } as MonitorInput;
      const finished = await untilFinished(client, await client.call('testMonitor', { body }));
      if (finished.zones.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
      if (isJson) return printJson(finished);
      showRun(finished);
    });

/** Longest wait for all zones, milliseconds: the longest timeout of a check and some air. */
const runWaitMs = 75_000;

async function untilFinished(client: Client, asked: CheckRun): Promise<CheckRun> {
  const deadlineMs = performance.now() + runWaitMs;
  let run = asked;
  while (!run.finished) {
    if (performance.now() > deadlineMs) {
      const silent = run.zones.filter(({ finishedAt }) => finishedAt === null).map(({ zone }) => zone);
      throw new WatchkeeperError(
        'service_unavailable',
        `No answer from ${silent.join(', ')} within ${runWaitMs / 1000} s. Does a scheduler run there? \`watchkeeper doctor\` tells.`,
      );
    }
    await pause(200);
    run = await client.call('getCheckRun', { params: { id: run.id } });
  }
  return run;
}

function showRun({ zones }: CheckRun): void {
  const phases = [...new Set(zones.flatMap(({ values }) => Object.keys(values)))].filter((name) => name.endsWith('Ms'));
  printTable(
    ['ZONE', 'OUTCOME', ...phases.map((phase) => phase.replace(/Ms$/, '').toUpperCase()), 'SAW', 'WHY'],
    zones.map((zone) => [
      zone.zone,
      stateWord(zone.outcome ?? 'unknown'),
      ...phases.map((phase) => milliseconds(zone.values[phase])),
      Object.values(zone.attributes).join(' '),
      zone.message ?? '',
    ]),
    '',
  );
}

const typesCommand = () =>
  new Command('types')
    .description('Show the monitor types, or the options of one.')
    .argument('[type]', 'a type')
    .action(async (name: string | undefined, _options, command: Command) => {
      const { client, isJson } = connect(command);
      const { items } = await client.call('listMonitorTypes');
      const shown = name === undefined ? items : items.filter((type) => type.name === name);
      if (isJson) return printJson(shown);
      const [only] = shown;
      if (name === undefined || only === undefined) {
        const rows = items.map((type) => [type.name, type.summary]);
        return printTable(['TYPE', 'WHAT IT DOES'], rows, '');
      }
      print(`${only.name}: ${only.summary}\n`);
      const properties = (only.options.properties ?? {}) as Record<string, Record<string, unknown>>;
      const required = (only.options.required ?? []) as string[];
      printTable(
        ['OPTION', 'NEEDED', 'DEFAULT', 'WHAT IT IS'],
        Object.entries(properties).map(([option, schema]) => [
          option,
          required.includes(option) && schema.default === undefined ? 'yes' : '',
          schema.default === undefined ? '' : JSON.stringify(schema.default),
          String(schema.description ?? schema.title ?? ''),
        ]),
        'It has no options.',
      );
      print(`\nConditions may use ${only.conditionNames.join(', ')}.`);
      if (only.defaultAssertions.length > 0) print(`Without conditions: ${only.defaultAssertions.join(' and ')}.`);
    });

export const monitorCommand = () =>
  new Command('monitor')
    .description('Monitors: checks of one target on a schedule.')
    .addCommand(listCommand())
    .addCommand(getCommand())
    .addCommand(statusCommand())
    .addCommand(createCommand())
    .addCommand(changeCommand())
    .addCommand(deleteCommand())
    .addCommand(switchCommand('start', 'Check a monitor on its schedule.', 'is checked on its schedule'))
    .addCommand(switchCommand('stop', 'Pause a monitor.', 'is paused'))
    .addCommand(bulkCommand())
    .addCommand(runCommand())
    .addCommand(testCommand())
    .addCommand(typesCommand());
