import { createInterface } from 'node:readline/promises';
import type { DatabaseStatus } from '@watchkeeper/server';
import { Command } from 'commander';
import { databaseOptions } from '../database-options.ts';
import { instant, print, printJson, printTable } from '../output.ts';
import { readerRoleCommand } from './reader-role.ts';
import { withSettingsOptions } from './start.ts';

function show(command: Command, status: DatabaseStatus, sentence: string): void {
  if (command.optsWithGlobals().json === true) {
    printJson(status);
    return;
  }
  const rows = status.applied.map(({ version, name, appliedAt }) => [String(version), name, instant(appliedAt)]);
  printTable(['MIGRATION', 'NAME', 'APPLIED (UTC)'], rows, 'No migration was applied yet.');
  print(`\n${sentence}`);
}

const statusCommand = () =>
  withSettingsOptions(new Command('status'))
    .description('Show the schema of the database.')
    .action(async (_options, command: Command) => {
      const { databaseStatus } = await import('@watchkeeper/server');
      const status = await databaseStatus(await databaseOptions(command));
      const { version, newest, database } = status;
      const sentence =
        version === newest
          ? `${database} has the newest schema, ${newest}.`
          : `${database} has schema ${version}; this release needs ${newest}. \`watchkeeper start\` or \`watchkeeper db migrate\` brings it there.`;
      show(command, status, sentence);
    });

const migrateCommand = () =>
  withSettingsOptions(new Command('migrate'))
    .description('Bring the database to the newest schema.')
    .action(async (_options, command: Command) => {
      const { migrate } = await import('@watchkeeper/server');
      const status = await migrate(await databaseOptions(command));
      show(command, status, `${status.database} has schema ${status.version}.`);
    });

const loginLinkCommand = () =>
  withSettingsOptions(new Command('login-link'))
    .description('Make a one-time sign-in link in the database itself, where no key is at hand; the server may run.')
    .action(async (_options, command: Command) => {
      const { makeLoginLink } = await import('@watchkeeper/server');
      const link = await makeLoginLink(await databaseOptions(command));
      if (command.optsWithGlobals().json === true) return printJson(link);
      print(`${link.url}\n\nIt works once, until ${instant(link.expiresAt)} UTC.`);
    });

const resetCommand = () =>
  withSettingsOptions(new Command('reset'))
    .description('Delete everything in the database; asks for a typed confirmation, and is refused in production mode.')
    .option('--confirm <text>', 'the confirmation, for programs')
    .action(async (options: { confirm?: string }, command: Command) => {
      const { reset, resetConfirmation, refuseInProduction } = await import('@watchkeeper/server');
      const database = await databaseOptions(command);
      refuseInProduction(database.settings);
      const confirmation =
        options.confirm ?? (await ask(`Every event, monitor and key is deleted. Type "${resetConfirmation}": `));
      const status = await reset(database, confirmation);
      show(command, status, `${status.database} is empty now and has schema ${status.version}.`);
    });

async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    // Without a terminal the input may end before an answer comes: that is no confirmation.
    return await Promise.race([
      lines.question(question),
      new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
    ]);
  } finally {
    lines.close();
  }
}

export const dbCommand = () =>
  new Command('db')
    .description('The database of a server, without the server.')
    .addCommand(statusCommand())
    .addCommand(migrateCommand())
    .addCommand(loginLinkCommand())
    .addCommand(readerRoleCommand())
    .addCommand(resetCommand());
