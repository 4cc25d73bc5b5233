import { Command, CommanderError } from 'commander';
import { alertCommand } from './commands/alert.ts';
import { applyCommand, diffCommand, exportCommand } from './commands/apply.ts';
import { configCommand } from './commands/config.ts';
import { dbCommand } from './commands/db.ts';
import { deadLetterCommand } from './commands/dead-letter.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventCommand } from './commands/event.ts';
import { keyCommand, loginLinkCommand } from './commands/key.ts';
import { monitorCommand } from './commands/monitor.ts';
import { processCommand } from './commands/process.ts';
import { refusedInputCommand } from './commands/refused-input.ts';
import { rollupCommand } from './commands/rollup.ts';
import { serviceCommand } from './commands/service.ts';
import { sinkCommand } from './commands/sink.ts';
import { startCommand } from './commands/start.ts';
import { statsCommand } from './commands/stats.ts';
import { exitCodeOf, printError } from './failures.ts';
import { ownVersion } from './own-version.ts';

const program = new Command('watchkeeper')
  .description('Watches a cloud the way its users do, and tells when something breaks.')
  .version(ownVersion, '-V, --version')
  .option('--server <url>', 'address of the server; found in the data directory when it runs here')
  .option('--key <key>', 'API key; found in the data directory when the server runs here')
  .option('--data-dir <folder>', 'data directory of a server on this machine')
  .option('--json', 'print what the API answers, for programs')
  .showHelpAfterError('(add --help for what there is)')
  .addHelpText(
    'after',
    '\nServer and key come from the options, from WATCHKEEPER_SERVER and WATCHKEEPER_KEY, or from the data directory of the server that runs here.',
  );

const commands = [
  startCommand,
  monitorCommand,
  serviceCommand,
  eventCommand,
  deadLetterCommand,
  refusedInputCommand,
  statsCommand,
  rollupCommand,
  applyCommand,
  diffCommand,
  exportCommand,
  alertCommand,
  sinkCommand,
  keyCommand,
  loginLinkCommand,
  processCommand,
  dbCommand,
  configCommand,
  doctorCommand,
];
for (const command of commands) program.addCommand(command());

/** Every command ends with an exception where commander would end the process, so that exit codes stay in one place. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
throwInsteadOfExit(program);

// Whoever reads our output may stop reading at any time.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) printError(error, program.opts().json === true);
  process.exitCode = exitCodeOf(error);
}
