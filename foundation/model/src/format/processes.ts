import type { ProcessList, ProcessView, ReaderView } from '../processes.ts';
import { countText, millisecondsText } from './numbers.ts';
import { rangesText } from './process-parts.ts';
import { type Answer, listText } from './sentences.ts';
import { lengthText } from './times.ts';

/** Roles without which nothing is added up or judged. */
const neededRoles = ['processor', 'health'];
/** A take-over takes less; what nobody holds for longer stays so without somebody's hand. Milliseconds. */
const takeOverMs = 15_000;
/** Silent processes that are named; of more there is a count. */
const namedProcesses = 3;
/** Errors of running processes are told so long, milliseconds. */
const freshErrorMs = 60_000;
/** Characters of an error that are shown in a sentence. */
const shownError = 160;
/** Readers that are further behind are late, milliseconds. */
const lateMs = 10_000;
/** More messages than this wait outside of the database only when nobody keeps up with storing them. */
const manyMessages = 100_000;

/** How people call a process: `host/1234`. */
export function processName(id: string, items: readonly Pick<ProcessView, 'id' | 'host' | 'pid'>[]): string {
  const known = items.find((item) => item.id === id);
  if (known !== undefined) return `${known.host}/${known.pid}`;
  // `host/1234/0a1b2c3d`, or for a remote one `tenant/key/host.1234.0a1b2c3d`; the letters only make them unique.
  const parts = id.split('/');
  const last = parts.at(-1) ?? id;
  return /^[0-9a-f]{8}$/.test(last) ? parts.slice(0, -1).join('/') : last.replace(/\.[0-9a-f]{8}$/, '');
}

/** Partitions that nobody reads, the one left longest first; those that nobody ever read lead. */
export function unreadPartitions({ readers }: Pick<ProcessList, 'readers'>): ReaderView[] {
  const sinceMs = ({ unheldSince }: ReaderView) => (unheldSince === null ? 0 : Date.parse(unheldSince));
  return readers.filter(({ holder }) => holder === null).sort((a, b) => sinceMs(a) - sinceMs(b));
}

/** Partitions that nobody reads, by reader: `health 3; processor 0–3`. */
export function unreadText(list: Pick<ProcessList, 'readers'>): string {
  return [...Map.groupBy(unreadPartitions(list), ({ reader }) => reader)]
    .map(([reader, all]) => `${reader} ${rangesText(all.map(({ partition }) => partition))}`)
    .join('; ');
}

/** Silent processes whose work did not go to others altogether: a lease lies, or nobody else has one of their roles. */
export function missedProcesses({ items }: Pick<ProcessList, 'items'>): ProcessView[] {
  const present = new Set(items.filter(({ state }) => state === 'running').flatMap(({ roles }) => roles));
  return items.filter(
    ({ state, abandoned, roles }) =>
      state === 'silent' && (abandoned.length > 0 || roles.some((role) => !present.has(role))),
  );
}

/** Zones whose scheduler is gone: `scheduler/frankfurt` that nobody holds. */
export function unwatchedZones({ leases }: Pick<ProcessList, 'leases'>): string[] {
  return leases.flatMap(({ name, holder }) =>
    holder === null && name.startsWith('scheduler/') ? [name.slice('scheduler/'.length)] : [],
  );
}

/** What the page of processes says before it proves it. */
export function processesAnswer(list: ProcessList): Answer {
  const { items, readers } = list;
  const nowMs = Date.parse(list.at);
  const running = items.filter(({ state }) => state === 'running');
  const waiting = running.reduce((sum, { figures }) => sum + (figures.waitingMessages ?? 0), 0);
  const sentences = [
    `${running.length} ${running.length === 1 ? 'process works' : 'processes work'} on ${partitionsText(readers)}.`,
    ...(waiting > 0
      ? [`${countText(waiting)} ${waiting === 1 ? 'message waits' : 'messages wait'} to be stored.`]
      : []),
    ...silentSentences(list),
    ...errorSentences(list),
  ];
  const absent = neededRoles.filter((role) => !running.some(({ roles }) => roles.includes(role)));
  if (absent.length > 0) {
    return { state: 'failed', title: `No process has the role ${listText(absent)}`, sentences };
  }
  const unread = unreadPartitions(list);
  if (unread.length > 0)
    return { ...unreadAnswer(unread, nowMs), sentences: [`Without a reader: ${unreadText(list)}.`, ...sentences] };
  const slowest = readers.toSorted((a, b) => (b.lagMs ?? 0) - (a.lagMs ?? 0))[0];
  const lagMs = slowest?.lagMs ?? 0;
  if (slowest !== undefined && lagMs > lateMs) {
    const title = `Reader ${slowest.reader} is ${lengthText(lagMs)} behind in partition ${slowest.partition}`;
    return { state: 'degraded', title: `${title}, ${countText(slowest.lagEvents ?? 0)} events`, sentences };
  }
  if (waiting > manyMessages) {
    return { state: 'degraded', title: `${countText(waiting)} messages wait to be stored`, sentences };
  }
  const read = lagMs === 0 ? 'Everything is read' : `Everything is read within ${secondsText(lagMs)}`;
  const zones = unwatchedZones(list);
  if (zones.length > 0) {
    return {
      state: 'degraded',
      title: `Nobody watches from ${listText(zones)}`,
      sentences: [`${read}.`, ...sentences],
    };
  }
  return { state: missedProcesses(list).length > 0 ? 'degraded' : 'ok', title: read, sentences };
}

function unreadAnswer(unread: readonly ReaderView[], nowMs: number): Pick<Answer, 'state' | 'title'> {
  const [first] = unread as [ReaderView, ...ReaderView[]];
  const partitions = new Set(unread.map(({ partition }) => partition));
  const what = partitions.size === 1 ? `partition ${first.partition}` : `${partitions.size} partitions`;
  if (first.unheldSince === null) return { state: 'failed', title: `Nobody reads ${what}` };
  const lengthMs = nowMs - Date.parse(first.unheldSince);
  return {
    state: lengthMs > takeOverMs ? 'failed' : 'degraded',
    title: `Nobody has read ${what} for ${lengthText(lengthMs)}`,
  };
}

/** Silent processes: those whose work lies first, then the last ones to fall silent; the rest is counted. */
function silentSentences(list: ProcessList): string[] {
  const missed = missedProcesses(list);
  const silent = list.items
    .filter(({ state }) => state === 'silent')
    .sort((a, b) => Number(missed.includes(b)) - Number(missed.includes(a)) || b.seenAt.localeCompare(a.seenAt));
  const rest = silent.length - namedProcesses;
  return [
    ...silent.slice(0, namedProcesses).map((item) => silentSentence(item, list)),
    ...(rest > 0 ? [`${rest} more fell silent within a day.`] : []),
  ];
}

function silentSentence({ host, pid, seenAt, replacedBy, abandoned }: ProcessView, list: ProcessList): string {
  const silent = `${host}/${pid} has been silent for ${lengthText(Date.parse(list.at) - Date.parse(seenAt))}`;
  const others = replacedBy.map(({ process }) => processName(process, list.items));
  const parts = [
    ...(others.length === 0 ? [] : [`replaced by ${listText(others)}`]),
    ...(abandoned.length === 0 ? [] : [`nobody took over ${listText(abandoned)}`]),
  ];
  return `${[silent, ...parts].join('; ')}.`;
}

/** What running processes told of lately; a server that they miss shows here first. */
function errorSentences({ at, items }: ProcessList): string[] {
  const fresh = items
    .flatMap((item) => {
      const { lastError } = item.figures;
      const isFresh = lastError !== null && Date.parse(at) - Date.parse(lastError.at) < freshErrorMs;
      return isFresh && item.state === 'running' ? [{ item, ...lastError }] : [];
    })
    .sort((a, b) => b.at.localeCompare(a.at));
  const [last] = fresh;
  if (last === undefined) return [];
  const who = fresh.length === 1 ? '1 process' : `${fresh.length} processes`;
  const message = last.message.length > shownError ? `${last.message.slice(0, shownError)}…` : last.message;
  return [`${who} told of an error within a minute, ${last.item.host}/${last.item.pid} last: ${message}`];
}

function partitionsText(readers: readonly ReaderView[]): string {
  const partitions = new Set(readers.map(({ partition }) => partition)).size;
  return `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
}

/** Tenths of a second, not below one: `0.4 s`. */
function secondsText(milliseconds: number): string {
  return milliseconds < 950 ? `${Math.max(0.1, Math.ceil(milliseconds / 100) / 10)} s` : millisecondsText(milliseconds);
}
