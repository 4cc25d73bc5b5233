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
      const rows = Object.keys(origins)
        .filter((name) => !name.includes('.'))
        .flatMap((name) => rowsOf(name, shown[name]))
        .map(([name, value]) => [name, value, originOf(name, origins)]);
      printTable(['SETTING', 'VALUE', 'FROM'], rows, '');
      print('\nThe settings are valid.');
    });

/** One row for each value, however deep; lists of plain values stand in one. */
function rowsOf(name: string, value: unknown): (readonly [name: string, value: string])[] {
  if (value === undefined) return [[name, '–']];
  if (typeof value !== 'object' || value === null) return [[name, String(value)]];
  const parts = Object.entries(value);
  if (parts.length === 0) return [[name, Array.isArray(value) ? '[]' : '{}']];
  if (Array.isArray(value) && value.every((part) => typeof part !== 'object')) return [[name, value.join(', ')]];
  return parts.flatMap(([key, part]) => rowsOf(`${name}.${key}`, part));
}

/** Nothing stands for what is within a default: the next place above says where it comes from. */
function originOf(name: string, origins: Readonly<Record<string, string>>): string {
  const known = origins[name];
  if (known !== undefined || !name.includes('.')) return known ?? '';
  return originOf(name.slice(0, name.lastIndexOf('.')), origins);
}

function maskSecrets(name: string, value: unknown): unknown {
  if ((name === 'password' || name === 'token' || name === 'key') && typeof value === 'string') return '***';
  if (name === 'databaseUrl' && typeof value === 'string') return value.replace(/:\/\/[^@/]*@/, '://***@');
  return value;
}

export const configCommand = () =>
  new Command('config').description('Settings of a server.').addCommand(checkCommand());
