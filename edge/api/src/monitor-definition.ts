import {
  durationText,
  type FieldProblem,
  type MonitorInput,
  type MonitorType,
  monitorLimits,
  nearestName,
  type PluginLoaders,
  parseCondition,
  parseDuration,
} from '@watchkeeper/model';
import type { MonitorDefinition, MonitorDetail } from '@watchkeeper/store';
import type { MonitorZones } from './monitor-zones.ts';
import { catalogueOf } from './plugin-catalogue.ts';

export type ReadDefinition =
  | { readonly ok: true; readonly definition: MonitorDefinition }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/**
 * Checks everything about a monitor that its schema cannot say, and fills in what was left out. The one place for
 * it: the API, `apply` and the test of an unsaved monitor come through here.
 */
export async function readMonitorInput(
  input: MonitorInput,
  { monitorTypes, zones, unnamed }: MonitorZones & { readonly monitorTypes: PluginLoaders<MonitorType> },
): Promise<ReadDefinition> {
  const catalogue = catalogueOf(monitorTypes);
  const described = await catalogue.find(input.type);
  const options = structuredClone(input.options);
  const watchedFrom = input.zones ?? unnamed;
  const problems: FieldProblem[] = [...zoneProblems(watchedFrom, zones), ...timeProblems(input)];
  if (described === undefined) {
    problems.push({ pointer: '/type', message: catalogue.unknownMessage('monitor type', input.type) });
    return { ok: false, problems };
  }
  const { plugin, validator } = described;
  const optionProblems = validator.problems(options);
  if (optionProblems.length === 0) optionProblems.push(...(plugin.problems?.(options as never) ?? []));
  problems.push(...optionProblems, ...assertionProblems(input.assertions ?? [], plugin));
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    definition: {
      name: input.name,
      service: input.service,
      environment: input.environment,
      zones: watchedFrom,
      type: input.type,
      options,
      target: plugin.target(options as never).slice(0, 300),
      intervalMs: parseDuration(input.interval ?? '30s') as number,
      timeoutMs: timeoutOf(input),
      retries: input.retries ?? 0,
      assertions: input.assertions ?? [],
      labels: input.labels ?? {},
      paused: input.paused ?? false,
    },
  };
}

function timeoutOf({ interval = '30s', timeout, retries = 0 }: MonitorInput): number {
  if (timeout !== undefined) return parseDuration(timeout) ?? 0;
  return defaultTimeoutMs(parseDuration(interval) ?? 0, retries);
}

/** What is wrong with conditions, each with its place. */
export function assertionProblems(
  assertions: readonly string[],
  { conditionNames }: Pick<MonitorType, 'conditionNames'>,
): (FieldProblem & { readonly index: number; readonly column: number })[] {
  return assertions.flatMap((text, index) => {
    const parsed = parseCondition(text, conditionNames);
    if (parsed.ok) return [];
    return [
      {
        index,
        column: parsed.column,
        pointer: `/assertions/${index}`,
        message: `column ${parsed.column}: ${parsed.message}`,
      },
    ];
  });
}

function zoneProblems(wanted: readonly string[], known: readonly string[]): FieldProblem[] {
  return wanted.flatMap((zone, index) => {
    if (known.includes(zone)) return [];
    const nearest = nearestName(zone, known);
    const hint = nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`;
    return [
      { pointer: `/zones/${index}`, message: `nobody watches from a zone "${zone}"; ${hint}. Create the zone first` },
    ];
  });
}

const longestDefaultTimeoutMs = 5000;

/** The timeout when none is given: 5 s, or what lets all attempts fit the interval. */
function defaultTimeoutMs(intervalMs: number, retries: number): number {
  const room = Math.floor((intervalMs - retries * retryPauseMs(intervalMs)) / (retries + 1));
  return Math.max(monitorLimits.timeoutMs.minimum, Math.min(longestDefaultTimeoutMs, room));
}

const retryPauseMs = (intervalMs: number) => Math.min(1000, intervalMs / 20);

function timeProblems(input: MonitorInput): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const { interval = '30s', retries = 0 } = input;
  const intervalMs = parseDuration(interval) ?? 0;
  const timeoutMs = timeoutOf(input);
  const timeout = durationText(timeoutMs);
  const bounds = (field: 'interval' | 'timeout', value: number) => {
    const { minimum, maximum } = monitorLimits[`${field}Ms`];
    if (value < minimum || value > maximum) {
      const message = `must be between ${durationText(minimum)} and ${durationText(maximum)}`;
      problems.push({ pointer: `/${field}`, message });
    }
  };
  bounds('interval', intervalMs);
  bounds('timeout', timeoutMs);
  if (problems.length > 0) return problems;
  const longestMs = (retries + 1) * timeoutMs + retries * retryPauseMs(intervalMs);
  if (longestMs > intervalMs) {
    problems.push({
      pointer: '/timeout',
      message: `${retries + 1} attempts of ${timeout} each may take ${durationText(Math.ceil(longestMs))}, longer than the interval of ${interval}; shorten the timeout, retry less often or lengthen the interval`,
    });
  }
  return problems;
}

/** A monitor in the form that people write, everything filled in. */
export function inputOfMonitor(row: MonitorDetail): Required<MonitorInput> {
  return {
    name: row.name,
    service: row.service,
    environment: row.environment,
    zones: [...row.zones],
    type: row.type,
    options: row.options,
    interval: durationText(row.interval_ms),
    timeout: durationText(row.timeout_ms),
    retries: row.retries,
    assertions: [...row.assertions],
    labels: row.labels,
    paused: row.paused,
  };
}
