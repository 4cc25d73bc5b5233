import type { ProcessList, ProcessView } from '../processes.ts';
import { processName } from './process-parts.ts';
import { listText } from './sentences.ts';
import { lengthText } from './times.ts';

/** Who does something alone (`maintenance`, `health-sweep`) is replaced within a third of its lease, milliseconds. */
const aloneMs = 25_000;
/** Silent processes that are named; of more there is a count. */
const namedProcesses = 3;
/** A silent process whose work others do is spoken of for so long, milliseconds; afterwards it only stands in the table. */
const spokenOfMs = 15 * 60_000;

/** Silent processes whose work did not go to others altogether: a lease lies, or nobody else has one of their roles. */
export function missedProcesses({ at, items, leases }: Pick<ProcessList, 'at' | 'items' | 'leases'>): ProcessView[] {
  const present = new Set(items.filter(({ state }) => state === 'running').flatMap(({ roles }) => roles));
  const lies = (name: string) => {
    const lease = leases.find((one) => one.name === name);
    return name.includes('/') || lease === undefined || Date.parse(at) - Date.parse(lease.until) > aloneMs;
  };
  return items.filter(
    ({ state, abandoned, roles }) =>
      state === 'silent' && (abandoned.some(lies) || roles.some((role) => !present.has(role))),
  );
}

/** Whether others have done the work of a silent process for so long that nobody needs to be told any more. */
export function isHistory(item: ProcessView, list: Pick<ProcessList, 'at' | 'items' | 'leases'>): boolean {
  if (item.state !== 'silent' || missedProcesses(list).includes(item)) return false;
  return Date.parse(list.at) - Date.parse(item.seenAt) > spokenOfMs;
}

/** Silent processes whose work lies, the last ones to fall silent first; those whose work others do in one sentence. */
export function silentSentences(list: ProcessList): string[] {
  const missed = missedProcesses(list);
  const silent = list.items.filter(({ state }) => state === 'silent').sort((a, b) => b.seenAt.localeCompare(a.seenAt));
  const replaced = silent.filter((item) => !missed.includes(item) && !isHistory(item, list));
  const lying = silent.filter((item) => missed.includes(item));
  const rest = lying.length - namedProcesses;
  return [
    ...lying.slice(0, namedProcesses).map((item) => lyingSentence(item, list)),
    ...(rest > 0 ? [`${rest} more fell silent and nobody took over all of their work.`] : []),
    ...replacedSentence(replaced, list),
  ];
}

function lyingSentence(item: ProcessView, list: ProcessList): string {
  const { host, pid, seenAt, abandoned } = item;
  const parts = [
    `${host}/${pid} has been silent for ${lengthText(Date.parse(list.at) - Date.parse(seenAt))}`,
    ...(item.replacedBy.length === 0 ? [] : [workText(item, list.items)]),
    ...(abandoned.length === 0 ? [] : [`nobody took over ${listText(abandoned)}`]),
  ];
  return `${parts.join('; ')}.`;
}

function replacedSentence(replaced: readonly ProcessView[], list: ProcessList): string[] {
  const [first] = replaced;
  if (first === undefined) return [];
  const agoMs = Date.parse(list.at) - Date.parse(first.seenAt);
  if (replaced.length === 1) {
    return [`${first.host}/${first.pid} fell silent ${lengthText(agoMs)} ago; ${workText(first, list.items)}.`];
  }
  const named = replaced.slice(0, namedProcesses).map(({ host, pid }) => `${host}/${pid}`);
  const rest = replaced.length - named.length;
  const names = listText(rest > 0 ? [...named, `${rest} more`] : named);
  return [`${names} fell silent, the last one ${lengthText(agoMs)} ago; others do their work.`];
}

/** Who does now what a silent process did: `its work is done by one/11`. */
export function workText({ replacedBy }: ProcessView, items: ProcessList['items']): string {
  if (replacedBy.length === 0) return 'others have its roles';
  return `its work is done by ${listText(replacedBy.map(({ process }) => processName(process, items)))}`;
}
