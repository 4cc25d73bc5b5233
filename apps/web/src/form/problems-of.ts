import { ProblemError } from '@watchkeeper/client';

/** What is wrong, by JSON pointer of the place in the body. */
export type Problems = ReadonlyMap<string, string>;

/** What the server found wrong. */
export function problemsOf(error: unknown): Problems {
  if (!(error instanceof ProblemError)) return new Map();
  return new Map((error.problem.errors ?? []).map(({ pointer, message }) => [pointer, message]));
}

/** What is wrong at a place or anywhere below it: a field of several lines tells which of its parts is meant. */
export function problemAt(problems: Problems, pointer: string): string | undefined {
  const found = [...problems].flatMap(([place, message]) => {
    if (place === pointer) return [message];
    if (!place.startsWith(`${pointer}/`)) return [];
    const part = place
      .slice(pointer.length + 1)
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    return [/^\d+$/.test(part) ? `${Number(part) + 1}: ${message}` : `${part}: ${message}`];
  });
  return found.length === 0 ? undefined : found.join('; ');
}

/** What no field of the form stands for, so that nothing is kept from the reader. */
export function problemsBeside(problems: Problems, pointers: readonly string[]): string[] {
  return [...problems]
    .filter(([place]) => !pointers.some((pointer) => place === pointer || place.startsWith(`${pointer}/`)))
    .map(([place, message]) => `${place}: ${message}`);
}
