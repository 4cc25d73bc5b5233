import { ProblemError, ServerUnreachableError } from '@watchkeeper/client';
import { type ErrorCode, errorCatalogue, type ProblemDetails, WatchkeeperError } from '@watchkeeper/model';
import { CommanderError } from 'commander';
import { paint } from './output.ts';

/** Exit code of a failure, from the catalogue; 64 for a command line that is not understood, 70 for what nobody expected. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : errorCatalogue.usage.exitCode;
  return errorCatalogue[codeOf(error)].exitCode;
}

/** Tells a failure on standard error: what was attempted, what is wrong where, what to do next. */
export function printError(error: unknown, isJson: boolean): void {
  const code = codeOf(error);
  const problems = problemsOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) {
    const problem = error instanceof ProblemError ? error.problem : { code, detail: message, errors: problems };
    process.stderr.write(`${JSON.stringify(problem)}\n`);
    return;
  }
  process.stderr.write(`${paint('red', `${errorCatalogue[code].title} (${code})`)}\n${message}\n`);
  if (problems.length > 1 || (problems.length === 1 && !message.includes(problems[0]?.message ?? ''))) {
    for (const problem of problems) process.stderr.write(`  ${problem.pointer || '(whole)'}: ${problem.message}\n`);
  }
  if (error instanceof ProblemError) process.stderr.write(paint('dim', `Request ${error.problem.requestId}\n`));
  if (code === 'internal' && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof WatchkeeperError) return error.code;
  if (error instanceof ServerUnreachableError) return 'server_unreachable';
  if (error instanceof ProblemError && Object.hasOwn(errorCatalogue, error.problem.code)) {
    return error.problem.code as ErrorCode;
  }
  return 'internal';
}

function problemsOf(error: unknown): NonNullable<ProblemDetails['errors']> {
  if (error instanceof ProblemError) return error.problem.errors ?? [];
  // The message of settings that are wrong lists every problem already.
  if (error instanceof WatchkeeperError && error.code !== 'settings_invalid') return [...error.problems];
  return [];
}
