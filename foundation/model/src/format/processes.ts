import type { ProcessList, ReaderView } from '../processes.ts';
import { countText, millisecondsText } from './numbers.ts';
import { type Answer, listText } from './sentences.ts';
import { missedProcesses, silentSentences } from './silent-processes.ts';
import { lengthText } from './times.ts';
import { absentRoles, unreadPartitions, unreadText, unwatchedZones } from './unheld.ts';

/** A take-over takes less; what nobody holds for longer stays so without somebody's hand. Milliseconds. */
const takeOverMs = 15_000;
/** Errors of running processes are told so long, milliseconds. */
const freshErrorMs = 60_000;
/** Characters of an error that are shown in a sentence. */
const shownError = 160;
/** Readers that are further behind are late, milliseconds. */
const lateMs = 10_000;
/** More messages than this wait outside of the database only when nobody keeps up with storing them. */
const manyMessages = 100_000;

/** Readers that do not keep up, the one furthest behind first. */
export function lateReaders({ readers }: ProcessList): readonly ReaderView[] {
  return readers.filter(({ lagMs }) => (lagMs ?? 0) > lateMs).sort((a, b) => (b.lagMs ?? 0) - (a.lagMs ?? 0));
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
  const absent = absentRoles(list);
  if (absent.length > 0) {
    return { state: 'failed', title: `No process has the role ${listText(absent)}`, sentences };
  }
  const unread = unreadPartitions(list);
  if (unread.length > 0)
    return { ...unreadAnswer(unread, nowMs), sentences: [`Without a reader: ${unreadText(list)}.`, ...sentences] };
  const late = lateReaders(list);
  const [slowest] = late;
  if (slowest !== undefined) {
    const title = `Reader ${slowest.reader} is ${lengthText(slowest.lagMs ?? 0)} behind in partition ${slowest.partition}`;
    const others = [...new Set(late.map(({ reader }) => reader))].filter((reader) => reader !== slowest.reader);
    return {
      state: 'degraded',
      title: `${title}, ${countText(slowest.lagEvents ?? 0)} events`,
      sentences: others.length === 0 ? sentences : [`Late too: ${listText(others)}.`, ...sentences],
    };
  }
  const lagMs = Math.max(0, ...readers.map((reader) => reader.lagMs ?? 0));
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
  const [missed] = missedProcesses(list);
  if (missed === undefined) return { state: 'ok', title: read, sentences };
  const title = `${missed.host}/${missed.pid} is silent, and nobody does all of its work`;
  return { state: 'degraded', title, sentences: [`${read}.`, ...sentences] };
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
  return [
    `${who} told of an error within a minute, ${last.item.host}/${last.item.pid} last: ${message}${/[.…]$/.test(message) ? '' : '.'}`,
  ];
}

function partitionsText(readers: readonly ReaderView[]): string {
  const partitions = new Set(readers.map(({ partition }) => partition)).size;
  return `${partitions} ${partitions === 1 ? 'partition' : 'partitions'}`;
}

/** Tenths of a second, not below one: `0.4 s`. */
function secondsText(milliseconds: number): string {
  return milliseconds < 950 ? `${Math.max(0.1, Math.ceil(milliseconds / 100) / 10)} s` : millisecondsText(milliseconds);
}
