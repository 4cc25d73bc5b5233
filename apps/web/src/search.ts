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

export interface OverviewSearch extends GlobalSearch {
  /** Only services that are in this state somewhere. */
  readonly state?: State;
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
  /** The check that is pinned: `frankfurt~1763709742123`, zone and milliseconds since 1970. */
  readonly sel?: string;
}

export interface ExploreSearch extends GlobalSearch {
  /** Name of the events; the catalogue when left out. */
  readonly metric?: string;
  /** Value that is shown; the first one when left out. */
  readonly value?: string;
  /** Conditions, `host=node-17|node-18;disk!=loop0`. */
  readonly where?: string;
  /** Dimension or attribute: one lane for each of its values. */
  readonly split?: string;
  /** A value of it that is highlighted in one heat map instead. */
  readonly hl?: string;
  readonly as?: 'lines' | 'dots' | 'table';
  readonly scale?: 'linear';
  /** The selection: times, RFC 3339 UTC, values in the unit of the value, and its lane. */
  readonly x0?: string;
  readonly x1?: string;
  readonly y0?: string;
  readonly y1?: string;
  readonly lane?: string;
  /** Text in the catalogue. */
  readonly q?: string;
}

type Raw = Readonly<Record<string, unknown>>;

const name = (value: unknown) =>
  typeof value === 'string' && /^[a-z0-9][a-z0-9._-]{0,62}$/.test(value) ? value : undefined;
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 200) : undefined);
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

type Readers<Search> = { readonly [Key in keyof Search]-?: (value: unknown) => Search[Key] | undefined };
/** Reads a search from what stands in the address: only what is known and right; the rest is left out. */
export interface SearchReader<Search> {
  (raw: object): Search;
  readonly keys: readonly string[];
}

function searchReader<Search extends object>(readers: Readers<Search>): SearchReader<Search> {
  const entries = Object.entries<(value: unknown) => unknown>(readers);
  const read = (raw: object) => {
    const found = entries.map(([key, readValue]) => [key, readValue((raw as Raw)[key])]);
    return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Search;
  };
  return Object.assign(read, { keys: Object.keys(readers) });
}

export const defaultFrom = 'now-1h';

const ofAll: Readers<GlobalSearch> = {
  env: name,
  zone: name,
  from: (value) => (value === defaultFrom ? undefined : timeBound(value)),
  to: timeBound,
};

export const readGlobalSearch = searchReader<GlobalSearch>(ofAll);
export const readOverviewSearch = searchReader<OverviewSearch>({ ...ofAll, state: oneOf(states) });
export const readMonitorsSearch = searchReader<MonitorsSearch>({
  ...ofAll,
  q: text,
  state: oneOf(states),
  type: name,
  service: name,
  tag: text,
  sort: oneOf(['name', 'newest'] as const),
});
export const readMonitorSearch = searchReader<MonitorSearch>({
  ...ofAll,
  phase: oneOf(['dnsMs', 'connectMs', 'tlsMs', 'firstByteMs', 'transferMs'] as const),
  outcome: oneOf(['failed', 'slow'] as const),
  sel: (value) => (typeof value === 'string' && /^[a-z0-9._-]+~\d{1,15}$/.test(value) ? value : undefined),
});

const longText = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 2000) : undefined);
const instant = (value: unknown) => {
  const bound = timeBound(value);
  return bound?.startsWith('now-') ? undefined : bound;
};
const number = (value: unknown) =>
  typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? value : undefined;

export const readExploreSearch = searchReader<ExploreSearch>({
  ...ofAll,
  metric: text,
  value: text,
  where: longText,
  split: text,
  hl: text,
  as: oneOf(['lines', 'dots', 'table'] as const),
  scale: oneOf(['linear'] as const),
  x0: instant,
  x1: instant,
  y0: number,
  y1: number,
  lane: (value) => (typeof value === 'string' ? value.slice(0, 200) : undefined),
  q: text,
});

/** What a page in a path reads from the address. */
export function readerOf(pathname: string): SearchReader<GlobalSearch> {
  if (pathname === '/') return readOverviewSearch;
  if (pathname === '/monitors') return readMonitorsSearch;
  if (pathname === '/explore') return readExploreSearch;
  return /^\/monitors\/[^/]+$/.test(pathname) && pathname !== '/monitors/new' ? readMonitorSearch : readGlobalSearch;
}

/** Keys in an address that mean nothing there, or whose value does not. */
export function ignoredKeys(pathname: string, raw: object): string[] {
  const read = readerOf(pathname);
  const taken = read(raw) as Raw;
  return Object.entries(raw)
    .filter(([key, value]) => value !== '' && taken[key] === undefined && !(key === 'from' && value === defaultFrom))
    .map(([key]) => key);
}

/** An address says what it means: `env=7` is the text 7. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Readable where the standard allows it: times keep their colons. */
export function searchText(search: object): string {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(search))
    if (value !== undefined && value !== '') parts.set(key, String(value));
  const text = parts.toString().replaceAll('%3A', ':').replaceAll('%7E', '~');
  return text === '' ? '' : `?${text}`;
}

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
