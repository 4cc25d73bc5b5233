import { ProblemError, ServerUnreachableError } from '@watchkeeper/client';
import { errorCatalogue, WatchkeeperError } from '@watchkeeper/model';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from './failures.ts';

const problem = (code: string) =>
  new ProblemError({ type: '', title: '', status: 400, detail: '', code, requestId: '', retryable: false });

describe('Exit codes', () => {
  it('come from the catalogue, whoever found the failure', () => {
    expect(exitCodeOf(new WatchkeeperError('not_found', ''))).toBe(66);
    expect(exitCodeOf(problem('forbidden'))).toBe(errorCatalogue.forbidden.exitCode);
    expect(exitCodeOf(new ServerUnreachableError('http://x', null))).toBe(69);
  });
  it('are 64 for a command line that is not understood, 0 for help, 70 for what nobody expected', () => {
    expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', ''))).toBe(64);
    expect(exitCodeOf(new CommanderError(0, 'commander.help', ''))).toBe(0);
    expect(exitCodeOf(new TypeError('x'))).toBe(70);
    expect(exitCodeOf(problem('a_code_of_tomorrow'))).toBe(70);
  });
});
