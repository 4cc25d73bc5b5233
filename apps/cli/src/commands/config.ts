import { Command } from 'commander';
import { print, printJson, printTable } from '../output.ts';
import { settingsOf, withSettingsOptions } from './start.ts';

const checkCommand = () =>
  withSettingsOptions(new Command('check'))
    .description('Read the settings and show what they come to, and where each comes from.')
    .action(async (_options, command: Command) => {
      const { settings, origins } = await settingsOf(command);
      const { checkReferences } = await import('@watchkeeper/server');
      checkReferences(settings, process.env);
      const shown = JSON.parse(JSON.stringify(settings, maskSecrets)) as Record<string, unknown>;
      if (command.optsWithGlobals().json === true) {
        printJson({ settings: shown, origins });
        return;
      }
      const rows = Object.keys(origins).map((name) => {
        const value = shown[name];
        return [
          name,
          value === undefined ? '–' : typeof value === 'string' ? value : JSON.stringify(value),
          origins[name] ?? '',
        ];
      });
      printTable(['SETTING', 'VALUE', 'FROM'], rows, '');
      print('\nThe settings are valid.');
    });

function maskSecrets(name: string, value: unknown): unknown {
  if ((name === 'password' || name === 'token' || name === 'key') && typeof value === 'string') return '***';
  if (name === 'databaseUrl' && typeof value === 'string') return value.replace(/:\/\/[^@/]*@/, '://***@');
  return value;
}

export const configCommand = () =>
  new Command('config').description('Settings of a server.').addCommand(checkCommand());
