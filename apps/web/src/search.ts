import { durationText, parseDuration, type State, states } from '@watchkeeper/model/light';

/** What stands in the address of every page; defaults are left out. */
export interface GlobalSearch {
  /** Environment. */
  readonly env?: string;
  readonly zone?: string;
  /** `now-1h` or RFC 3339 UTC. */
  readonly from?: string;
  readonly to?: string;
}

export interface MonitorsSearch extends GlobalSearch {
  readonly q?: string;
  readonly state?: State;
  readonly type?: string;
  readonly service?: string;
  readonly tag?: string;
  readonly sort?: 'name' | 'newest';
}

export interface MonitorSearch extends GlobalSearch {
  /** Value that is drawn: `connectMs`; the whole duration when left out. */
  readonly phase?: string;
  readonly outcome?: 'failed' | 'slow';
}

type Raw = Readonly<Record<string, unknown>>;

const name = (value: unknown) =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value) ? value : undefined;
const text = (value: unknown) =>
  (typeof value === 'string' || typeof value === 'number') && String(value) !== ''
    ? String(value).slice(0, 200)
    : undefined;
const oneOf =
  <Choice extends string>(choices: readonly Choice[]) =>
  (value: unknown) =>
    choices.find((choice) => choice === value);

/** `now-1h`, or an instant; undefined of anything else. */
export function timeBound(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (value.startsWith('now-')) return parseDuration(value.slice(4)) === undefined ? undefined : value;
  return /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** Only what is known and right; everything else is left out. */
function pick<Result extends object>(
  raw: Raw,
  readers: { readonly [Key in keyof Result]-?: (value: unknown) => Result[Key] | undefined },
): Result {
  const result: Record<string, unknown> = {};
  for (const [key, read] of Object.entries<(value: unknown) => unknown>(readers)) {
    const value = read(raw[key]);
    if (value !== undefined) result[key] = value;
  }
  return result as Result;
}

const ofAll = { env: name, zone: name, from: timeBound, to: timeBound };

export const readGlobalSearch = (raw: Raw): GlobalSearch => pick<Required<GlobalSearch>>(raw, ofAll);
export const readMonitorsSearch = (raw: Raw): MonitorsSearch =>
  pick<Required<MonitorsSearch>>(raw, {
    ...ofAll,
    q: text,
    state: oneOf(states),
    type: name,
    service: name,
    tag: text,
    sort: oneOf(['name', 'newest'] as const),
  });
export const readMonitorSearch = (raw: Raw): MonitorSearch =>
  pick<Required<MonitorSearch>>(raw, {
    ...ofAll,
    phase: oneOf(['dnsMs', 'connectMs', 'tlsMs', 'firstByteMs', 'transferMs'] as const),
    outcome: oneOf(['failed', 'slow'] as const),
  });

export const defaultFrom = 'now-1h';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
  /** The end moves with the clock. */
  readonly isLive: boolean;
}

/** The range of time of a page. */
export function rangeOf({ from = defaultFrom, to }: GlobalSearch, nowMs: number): Range {
  const bound = (value: string) =>
    value.startsWith('now-') ? nowMs - (parseDuration(value.slice(4)) ?? 0) : Date.parse(value);
  const toMs = to === undefined ? nowMs : bound(to);
  const fromMs = Math.min(bound(from), toMs - 1000);
  return { fromMs, toMs, isLive: to === undefined };
}

/** The same range with both ends as instants, for a link that shows the same tomorrow. */
export function absoluteSearch<Search extends GlobalSearch>(search: Search, nowMs: number): Search {
  const { fromMs, toMs } = rangeOf(search, nowMs);
  return { ...search, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}

/** A range moved by a share of its length: −0.5 is half a length earlier. */
export function shiftSearch<Search extends GlobalSearch>(search: Search, share: number, nowMs: number): Search {
  const { fromMs, toMs } = rangeOf(search, nowMs);
  const byMs = (toMs - fromMs) * share;
  if (toMs + byMs >= nowMs) {
    const { from: _from, to: _to, ...rest } = search;
    const lengthMs = Math.round((toMs - fromMs) / 1000) * 1000;
    return { ...rest, ...(lengthMs === 3_600_000 ? {} : { from: `now-${durationText(lengthMs)}` }) } as Search;
  }
  return { ...search, from: new Date(fromMs + byMs).toISOString(), to: new Date(toMs + byMs).toISOString() };
}

/** A range made longer or shorter around its end. */
export function zoomSearch<Search extends GlobalSearch>(search: Search, factor: number, nowMs: number): Search {
  const { fromMs, toMs, isLive } = rangeOf(search, nowMs);
  const lengthMs = Math.min(30 * 86_400_000, Math.max(60_000, Math.round(((toMs - fromMs) * factor) / 1000) * 1000));
  if (isLive) return { ...search, from: `now-${durationText(lengthMs)}` };
  return { ...search, from: new Date(toMs - lengthMs).toISOString() };
}
