import { styleText } from 'node:util';
import { type State, stateTitles } from '@watchkeeper/model';
import Table from 'cli-table3';

type Style = Parameters<typeof styleText>[0];

/** Text in a colour where the terminal shows colours (and NO_COLOR is not set). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What people should know beside the answer; it goes to standard error, so that the answer alone can be kept. */
export function printAside(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** A table without lines, for people. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[], whenEmpty: string): void {
  if (rows.length === 0) {
    print(whenEmpty);
    return;
  }
  const none = Object.fromEntries(
    ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'].map((part) => [
      part,
      '',
    ]),
  );
  const inner = Object.fromEntries(
    ['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'].map((part) => [part, '']),
  );
  const table = new Table({
    head: head.map((title) => paint('bold', title)),
    chars: { ...none, ...inner, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  print(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
}

const stateStyles: Readonly<Record<string, Style>> = {
  failed: 'red',
  degraded: 'yellow',
  unknown: 'gray',
  maintenance: 'magenta',
  ok: 'green',
  paused: 'gray',
  skipped: 'gray',
};

/** A state or outcome as people read it. */
export function stateWord(state: string): string {
  const title = Object.hasOwn(stateTitles, state) ? stateTitles[state as State] : state;
  return paint(stateStyles[state] ?? 'gray', title);
}

export function milliseconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value >= 1000) return `${(value / 1000).toPrecision(3)} s`;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
}

export function share(value: number | null): string {
  if (value === null) return '–';
  return value === 1 ? '100 %' : `${Math.min(99.99, value * 100).toFixed(2)} %`;
}

/** An instant in UTC to the second. */
export function instant(text: string | null | undefined): string {
  return text === null || text === undefined ? '–' : `${text.slice(0, 10)} ${text.slice(11, 19)}`;
}
