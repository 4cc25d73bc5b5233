import type { Command } from 'commander';
import { settingsOf } from './commands/start.ts';

/** Options for the functions of the server that work on a database without running it. */
export async function databaseOptions(command: Command) {
  const { settings } = await settingsOf(command);
  const onProgress = (step: string) => process.stderr.write(`${step}\n`);
  return { settings, environment: process.env, logOutput: process.stderr, onProgress };
}
