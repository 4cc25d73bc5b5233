import { ProblemError } from '@watchkeeper/client';

/** What the server found wrong, by JSON pointer. */
export function problemsOf(error: unknown): ReadonlyMap<string, string> {
  if (!(error instanceof ProblemError)) return new Map();
  return new Map((error.problem.errors ?? []).map(({ pointer, message }) => [pointer, message]));
}
