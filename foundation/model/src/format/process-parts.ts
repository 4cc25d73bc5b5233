import type { ProcessFigures, ProcessView, ReaderView } from '../processes.ts';
import { countText, millisecondsText } from './numbers.ts';
import { listText } from './sentences.ts';

/** How people call a process: `host/1234`. */
export function processName(id: string, items: readonly Pick<ProcessView, 'id' | 'host' | 'pid'>[]): string {
  const known = items.find((item) => item.id === id);
  if (known !== undefined) return `${known.host}/${known.pid}`;
  // `host/1234/0a1b2c3d`, or for a remote one `tenant/key/host.1234.0a1b2c3d`; the letters only make them unique.
  const parts = id.split('/');
  const last = parts.at(-1) ?? id;
  return /^[0-9a-f]{8}$/.test(last) ? parts.slice(0, -1).join('/') : last.replace(/\.[0-9a-f]{8}$/, '');
}

const roleOrder = ['api', 'scheduler', 'listener', 'processor', 'health'];

/** Processes that do the same stand together, running ones first, each kind by name. */
export function groupedByRole(items: readonly ProcessView[]): ProcessView[] {
  const order = new Intl.Collator('en', { numeric: true });
  const placeOf = ({ state, roles, isRemote }: ProcessView) =>
    `${state === 'running' ? 0 : 1} ${roles.map((role) => roleOrder.indexOf(role)).join(' ')} ${isRemote ? 1 : 0}`;
  return items.toSorted(
    (a, b) =>
      order.compare(placeOf(a), placeOf(b)) || order.compare(processName(a.id, items), processName(b.id, items)),
  );
}

/** From where a process with the role scheduler watches now: `watches from frankfurt`; empty for the others. */
export function watchesText({ roles, zones, leases, state }: ProcessView): string {
  if (!roles.includes('scheduler')) return '';
  const watched = leases.filter((name) => name.startsWith('scheduler/')).map((name) => name.slice('scheduler/'.length));
  if (watched.length > 0) return `watches from ${listText(watched)}`;
  return `${state === 'running' ? 'stands by for' : 'could watch from'} ${listText(zones)}`;
}

/** What listeners of a process have taken, and where: `statsd (udp 127.0.0.1:8125): 1 200 lines`; empty without any. */
export function listensText({ listeners }: ProcessFigures): string {
  return listeners
    .map(({ name, places, lines, unreadable, lost, refused }) => {
      const wrong = Object.entries({ unreadable, lost, refused }).filter(([, count]) => count > 0);
      const counts = [`${countText(lines)} lines`, ...wrong.map(([word, count]) => `${countText(count)} ${word}`)];
      return `${name} (${places.length === 0 ? 'its port is taken' : places.join(', ')}): ${counts.join(', ')}`;
    })
    .join('; ');
}

/** Numbers as people read them, rising: `0–3, 5`. */
export function rangesText(numbers: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run !== undefined && run.last === number - 1) run.last = number;
    else runs.push({ first: number, last: number });
  }
  return runs
    .map(({ first, last }) =>
      first === last ? `${first}` : last === first + 1 ? `${first}, ${last}` : `${first}–${last}`,
    )
    .join(', ');
}

/** What a process reads now: `health 0–3, processor 0, 1`. */
export function readsText(id: string, readers: readonly ReaderView[]): string {
  const own = Map.groupBy(
    readers.filter(({ holder }) => holder === id),
    ({ reader }) => reader,
  );
  return [...own].map(([reader, all]) => `${reader} ${rangesText(all.map(({ partition }) => partition))}`).join('; ');
}

export interface Lag {
  /** Events behind in all partitions together. */
  readonly events: number;
  /** Age of the oldest event that is not read in any of them, milliseconds. */
  readonly ageMs: number;
}

/** How far readers are behind together; undefined when nothing is known of any. */
export function lagOf(readers: readonly ReaderView[]): Lag | undefined {
  const known = readers.filter(({ lagEvents }) => lagEvents !== null);
  if (known.length === 0) return undefined;
  return {
    events: known.reduce((sum, { lagEvents }) => sum + (lagEvents ?? 0), 0),
    ageMs: Math.max(...known.map(({ lagMs }) => lagMs ?? 0)),
  };
}

/** `none`, `1 event, 174 ms`, `12 410 events, 2.31 s`. */
export function lagText(lag: Lag | undefined): string {
  if (lag === undefined) return '–';
  if (lag.events === 0) return 'none';
  return `${countText(lag.events)} ${lag.events === 1 ? 'event' : 'events'}, ${millisecondsText(lag.ageMs)}`;
}

/** An error that did not come again for so long is history, milliseconds. */
const listedErrorMs = 5 * 60_000;

/** The last error of a process while it may matter still; null when there is none, or it did not come again for minutes. */
export function recentError({ lastError }: ProcessFigures, nowMs: number): ProcessFigures['lastError'] {
  return lastError !== null && nowMs - Date.parse(lastError.at) < listedErrorMs ? lastError : null;
}
