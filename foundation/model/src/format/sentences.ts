import type { MonitorStatus } from '../monitor.ts';
import { reasonTitle } from '../reasons.ts';
import type { Overview, Problem } from '../service.ts';
import { type State, severityOf, states, stateTitles } from '../state-names.ts';
import { clockText, lengthText } from './times.ts';

/** What a page says before it proves it. */
export interface Answer {
  readonly state: State;
  readonly title: string;
  readonly sentences: readonly string[];
}

const verbs: Readonly<Record<State, string>> = {
  failed: 'is failing',
  degraded: 'is degraded',
  unknown: 'sends no data',
  maintenance: 'is in maintenance',
  ok: 'is well',
  paused: 'is paused',
};
const participles: Readonly<Record<State, string>> = {
  failed: 'Failing',
  degraded: 'Degraded',
  unknown: 'No data',
  maintenance: 'In maintenance',
  ok: 'OK',
  paused: 'Paused',
};

/** Names joined for people: `a`, `a and b`, `a, b and c`. */
export function listText(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Zones that see the state, and zones that see another trouble: ` from Frankfurt, degraded from Zürich`. */
function seenText(
  state: State,
  zones: readonly { readonly zone: string; readonly state: State }[],
  zoneTitle: (name: string) => string,
): string {
  const from = (wanted: State) => zones.filter((zone) => zone.state === wanted).map(({ zone }) => zoneTitle(zone));
  const own = from(state);
  const others = states
    .filter((other) => other !== state && severityOf(other) > severityOf('ok') && from(other).length > 0)
    .map((other) => `${stateTitles[other].toLowerCase()} from ${listText(from(other))}`);
  return [own.length === 0 ? '' : ` from ${listText(own)}`, ...others].join(', ');
}

/** What we did about it, when somebody was told or should have been. */
function toldSentence({ alert, heldBy }: Problem, nowMs: number): string | undefined {
  if (alert === null || heldBy !== null) return undefined;
  if (alert.toldAt !== null) return `Told ${listText(alert.channels)} at ${clockText(alert.toldAt, nowMs)}.`;
  return alert.lastError === null ? undefined : 'Nobody could be told yet.';
}

/** The first sentences of the overview: what is wrong, since when, seen from where, what we did. */
export function overviewAnswer(overview: Overview): Answer {
  const title = (service: string) => overview.services.find(({ name }) => name === service)?.title ?? service;
  const place = (name: string) => overview.environments.find((candidate) => candidate.name === name)?.title ?? name;
  const zoneTitle = (name: string) =>
    overview.environments.flatMap(({ zones }) => zones).find((zone) => zone.name === name)?.title ?? name;
  const [worst, ...others] = overview.problems;
  if (worst === undefined) return wellAnswer(overview);
  const nowMs = Date.parse(overview.at);
  const length = worst.since === null ? '' : ` for ${lengthText(nowMs - Date.parse(worst.since))}`;
  const seen = seenText(worst.state, worst.zones, zoneTitle);
  const sentences = [`${participles[worst.state]}${length}${seen}.`];
  const told = toldSentence(worst, nowMs);
  if (told !== undefined) sentences.push(told);
  const held = others.filter(({ heldBy }) => heldBy === worst.service);
  if (held.length > 0) sentences.push(`${listText(held.map(({ service }) => title(service)))} because of it.`);
  const rest = others.filter(({ heldBy }) => heldBy !== worst.service);
  if (rest.length > 0) sentences.push(restSentence(rest, title, place));
  return {
    state: worst.state,
    title: `${title(worst.service)} ${verbs[worst.state]} in ${place(worst.environment)}`,
    sentences,
  };
}

function restSentence(
  rest: readonly Problem[],
  title: (name: string) => string,
  place: (name: string) => string,
): string {
  const [first] = rest;
  if (rest.length === 1 && first !== undefined) {
    return `${title(first.service)} ${verbs[first.state]} in ${place(first.environment)}.`;
  }
  return `${rest.length} more need a look.`;
}

function wellAnswer({ counts, services }: Overview): Answer {
  const watched = counts.ok + counts.failed + counts.degraded + counts.unknown + counts.maintenance;
  if (services.length === 0) {
    return { state: 'unknown', title: 'Nothing is watched yet', sentences: ['Add a monitor to see how a service is.'] };
  }
  if (watched === 0)
    return { state: 'paused', title: 'Everything is paused', sentences: ['Start a monitor to see how a service is.'] };
  if (counts.unknown > 0) {
    return {
      state: 'unknown',
      title: 'Waiting for the first checks',
      sentences: [`${counts.unknown} of ${watched} have no data yet.`],
    };
  }
  return {
    state: 'ok',
    title: 'Everything is well',
    sentences: ['All services are OK in every environment from every zone.'],
  };
}

/** The sentence of one monitor: how it is, for how long, from where, and why. */
export function monitorAnswer(status: MonitorStatus, nowMs: number, zoneTitle: (name: string) => string): Answer {
  const { state, since, zones } = status;
  const length = since === null ? '' : ` for ${lengthText(nowMs - Date.parse(since))}`;
  const sentences = [`${participles[state]}${length}${seenText(state, zones, zoneTitle)}`];
  if (state === 'failed' || state === 'degraded') {
    const why = status.message ?? (status.reason === null ? null : reasonTitle(status.reason));
    if (why !== null) sentences.push(why);
  } else if (state === 'unknown') {
    sentences.push(status.message ?? 'Nobody has reported anything yet');
  }
  return { state, title: stateTitles[state], sentences: sentences.map(asSentence) };
}

/** Messages of checks begin small: `expected status in 200..299, but it is 503`. */
function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
