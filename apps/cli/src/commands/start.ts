import { Command } from 'commander';
import type { GlobalOptions } from '../connection.ts';

interface StartOptions extends GlobalOptions {
  readonly config?: string;
  readonly databaseUrl?: string;
  readonly listen?: string;
  readonly healthListen?: string;
  readonly publicUrl?: string;
  readonly roles?: string;
  readonly zones?: string;
  readonly demo?: boolean;
  readonly production?: boolean;
  readonly serverCa?: string;
}

/** Options that are settings, for every command that works with a server's own settings. */
export function withSettingsOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings file (YAML)')
    .option('--database-url <url>', 'a PostgreSQL 15 or newer instead of the embedded one')
    .option('--listen <address:port>', 'where the web app and the API answer (127.0.0.1:7300)')
    .option('--health-listen <address:port>', 'where /health and /metrics answer too, without a key')
    .option('--public-url <url>', 'address under which people reach it')
    .option('--roles <list>', 'what this process does: api,scheduler,listener,processor,forwarder,health')
    .option('--zones <list>', 'zones this process watches from (local)')
    .option('--demo', 'show a demo of three services, fed by the built-in website mock')
    .option('--server-ca <file>', 'certificates that the server of a remote zone is checked by')
    .option('--production', 'refuse what would destroy data');
}

/** The settings that a command line, the environment and a file come to. @throws WatchkeeperError `settings_invalid` */
export async function settingsOf(command: Command) {
  const options = command.optsWithGlobals<StartOptions>();
  const { loadSettings } = await import('@watchkeeper/server');
  return loadSettings({
    flags: {
      dataDir: options.dataDir,
      databaseUrl: options.databaseUrl,
      listen: options.listen,
      healthListen: options.healthListen,
      publicUrl: options.publicUrl,
      roles: options.roles?.split(',') as never,
      zones: options.zones?.split(','),
      demo: options.demo,
      production: options.production,
      server: options.server,
      key: options.key,
      serverCa: options.serverCa,
    },
    environment: process.env,
    ...(options.config === undefined ? {} : { file: options.config }),
  });
}

/** How commands of this installation begin. */
const ownCommand = process.env.npm_lifecycle_event === undefined ? 'watchkeeper' : 'npm run wk --';

export const startCommand = () =>
  withSettingsOptions(new Command('start'))
    .description(
      'Start a server and run until Ctrl-C. With --roles scheduler, --server and --key: watch from another place and send to that server.',
    )
    .action(async (_options: StartOptions, command: Command) => {
      const { settings } = await settingsOf(command);
      const { runServer } = await import('@watchkeeper/server');
      const { stdout: output, stderr: logOutput } = process;
      process.exitCode = await runServer({
        settings,
        environment: process.env,
        output,
        logOutput,
        command: ownCommand,
      });
    });
