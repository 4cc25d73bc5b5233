/**
 * What Grafana makes of the queries of dashboards before a data source gets them: values of variables as each kind of
 * source writes them, then the macros of the time.
 */

export interface ChosenValues {
  readonly values: readonly string[];
  /** Whether several may be chosen, or all: then they are quoted even where there is one. */
  readonly isMulti: boolean;
}

export interface Surroundings {
  readonly from: Date;
  readonly to: Date;
  /** `$__interval`: a step over time, milliseconds. */
  readonly intervalMs: number;
  /** How often Prometheus scrapes, milliseconds. */
  readonly scrapeMs: number;
  readonly variables: Readonly<Record<string, ChosenValues>>;
}

const durationText = (milliseconds: number) =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;

/** Puts values in the places of `$name`, `${name}` and `${name:format}`; what is no variable stays. */
function withVariables(text: string, given: Surroundings, write: (chosen: ChosenValues) => string): string {
  const { intervalMs, variables } = given;
  const timed = text
    .replaceAll(/\$__interval_ms\b/g, String(intervalMs))
    .replaceAll(/\$__interval\b/g, durationText(intervalMs));
  return timed.replaceAll(/\$(?:(\w+)|\{(\w+)(?::\w+)?\})/g, (whole, bare?: string, braced?: string) => {
    const chosen = variables[bare ?? braced ?? ''];
    return chosen === undefined ? whole : write(chosen);
  });
}

const seconds = (text: string) => {
  const [, amount = '', unit = ''] = /^'?(\d+)(ms|s|m|h|d)'?$/.exec(text.trim()) ?? [];
  const length = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (length === undefined) throw new Error(`"${text}" is no interval of Grafana`);
  return Number(amount) * length;
};

/** SQL for PostgreSQL. @throws Error on a macro that Grafana does not have */
export function sqlOf(text: string, given: Surroundings): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`;
  const plain = withVariables(text, given, ({ values, isMulti }) =>
    isMulti ? values.map(quoted).join(',') : (values[0] ?? '').replaceAll("'", "''"),
  );
  const [from, to] = [given.from, given.to].map((at) => quoted(`${at.toISOString().slice(0, 19)}Z`));
  // Grafana too reads arguments up to the first closing bracket.
  return plain.replaceAll(/\$(__\w+)\(([^)]*)\)/g, (whole, macro: string, args: string) => {
    const [column = '', interval = ''] = args.split(',').map((part) => part.trim());
    const step = () => `floor(extract(epoch from ${column})/${seconds(interval)})*${seconds(interval)}`;
    if (macro === '__timeFilter') return `${column} BETWEEN ${from} AND ${to}`;
    if (macro === '__timeGroup') return step();
    if (macro === '__timeGroupAlias') return `${step()} AS "time"`;
    throw new Error(`${whole}: Grafana has no such macro`);
  });
}

/** PromQL. */
export function promqlOf(text: string, given: Surroundings): string {
  const { from, to, intervalMs, scrapeMs } = given;
  const rateMs = Math.max(intervalMs + scrapeMs, 4 * scrapeMs);
  const timed = text
    .replaceAll('$__rate_interval', durationText(rateMs))
    .replaceAll('$__range', `${Math.round((to.getTime() - from.getTime()) / 1000)}s`);
  const escaped = (value: string) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&');
  return withVariables(timed, given, ({ values, isMulti }) =>
    isMulti && values.length > 1 ? `(${values.map(escaped).join('|')})` : escaped(values[0] ?? ''),
  );
}

/** InfluxQL. */
export function influxqlOf(text: string, given: Surroundings): string {
  const timeFilter = `time >= ${given.from.getTime()}ms and time <= ${given.to.getTime()}ms`;
  const escaped = (value: string) => value.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return withVariables(text.replaceAll('$timeFilter', timeFilter), given, ({ values }) =>
    values.length > 1 ? `(${values.map(escaped).join('|')})` : escaped(values[0] ?? ''),
  );
}
