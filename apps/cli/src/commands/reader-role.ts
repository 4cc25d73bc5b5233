import { parseDuration, WatchkeeperError } from '@watchkeeper/model';
import type { ReaderRole } from '@watchkeeper/server';
import { Command } from 'commander';
import { databaseOptions } from '../database-options.ts';
import { print, printJson } from '../output.ts';
import { withSettingsOptions } from './start.ts';

interface ReaderRoleFlags {
  readonly tenant: string;
  readonly password?: string;
  readonly connections: string;
  readonly statementTimeout: string;
  readonly remove?: boolean;
}

export const readerRoleCommand = () =>
  withSettingsOptions(new Command('reader-role'))
    .description(
      'Make or renew a role of the database that reads the views of one tenant and nothing else, for Grafana; the server may run.',
    )
    .argument('<name>', 'its name, such as grafana')
    .option('--tenant <tenant>', 'whose rows it reads', 'default')
    .option('--password <reference>', 'where its password stands, env:NAME or file:/path; a new one is made without it')
    .option('--connections <number>', 'connections at once, 1 to 1000', '10')
    .option('--statement-timeout <duration>', 'longest time of a statement', '30s')
    .option('--remove', 'take the role away')
    .action(async (name: string, flags: ReaderRoleFlags, command: Command) => {
      const { putReaderRole, removeReaderRole } = await import('@watchkeeper/server');
      const isJson = command.optsWithGlobals().json === true;
      const options = await databaseOptions(command);
      if (flags.remove) {
        await removeReaderRole(options, name);
        return isJson ? printJson({ removed: name }) : print(`Took away the role ${name}.`);
      }
      const connections = Number(flags.connections);
      const statementTimeoutMs = parseDuration(flags.statementTimeout);
      if (!Number.isInteger(connections) || connections < 1 || connections > 1000 || !statementTimeoutMs) {
        throw new WatchkeeperError('usage', 'Give --connections from 1 to 1000 and a --statement-timeout such as 30s.');
      }
      const { tenant, password } = flags;
      const made = await putReaderRole(options, {
        ...{ role: name, tenant, connections, statementTimeoutMs },
        ...(password === undefined ? {} : { password }),
      });
      if (isJson) return printJson(made);
      print(sentences(made).join('\n'));
    });

function sentences({ result, role, tenant, password, address, socket, database }: ReaderRole): string[] {
  const places = [
    ...(address === null ? [] : [`  Address   ${address}`]),
    ...(socket === null ? [] : [`  Socket    ${socket}`]),
  ];
  return [
    `The role ${role} was ${result}. It reads the views of tenant ${tenant}.`,
    '',
    ...places,
    `  Database  ${database}`,
    `  User      ${role}`,
    `  Password  ${password ?? 'the given one'}`,
    ...(password === null ? [] : ['', 'This is the only time the password is shown.']),
    ...(address === null
      ? [
          '',
          'The database answers on its socket alone. Set databasePort to a port on 127.0.0.1 for programs that need one.',
        ]
      : []),
  ];
}
