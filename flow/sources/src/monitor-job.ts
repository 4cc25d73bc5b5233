import { createHash } from 'node:crypto';
import type { Egress } from '@watchkeeper/guard';
import {
  type Condition,
  type Credential,
  judge,
  type Observation,
  type PluginLoaders,
  parseCondition,
  type ScheduledMonitor,
  type Series,
} from '@watchkeeper/model';
import { Compile } from 'typebox/compile';
import type { RunnableMonitorType } from './monitor-context.ts';

/** What every check needs of its surroundings. */
export interface CheckSurroundings {
  readonly egress: Egress;
  readonly monitorTypes: PluginLoaders<RunnableMonitorType>;
  readonly credential: (name: string) => Credential | undefined;
  readonly wallMs: () => number;
}

/** Values that every check has, before those of its type. */
export const commonValueNames = ['durationMs', 'latenessMs', 'attempt'] as const;

/** A monitor in one zone, made ready to be checked again and again. */
export interface MonitorJob {
  readonly monitor: ScheduledMonitor;
  readonly zone: string;
  /** Start of slot k is `offsetMs + k × intervalMs` on the wall clock; spread by a hash, the same for every scheduler. */
  readonly offsetMs: number;
  /** One attempt, at most `timeoutMs` long. Never rejects. */
  attempt(stop: AbortSignal): Promise<Observation>;
  /** Series of an observation; equal ones are the same object. */
  seriesOf(name: string, observation: Observation, extra?: Readonly<Record<string, string>>): Series;
}

export async function prepareJob(
  monitor: ScheduledMonitor,
  zone: string,
  surroundings: CheckSurroundings,
): Promise<MonitorJob> {
  const ready = await prepareCheck(monitor, surroundings);
  const seriesCache = new Map<string, Series>();
  return {
    monitor,
    zone,
    offsetMs: slotOffsetMs(monitor.id, zone, monitor.intervalMs),
    attempt: (stop) => attempt(ready, monitor, surroundings, stop),
    seriesOf(name, observation, extra = {}) {
      const attributes = { type: monitor.type, ...observation.attributes, ...extra };
      const key = JSON.stringify([name, attributes]);
      let series = seriesCache.get(key);
      if (series === undefined) {
        if (seriesCache.size >= 100) seriesCache.clear();
        series = {
          tenant: monitor.tenant,
          environment: monitor.environment,
          zone,
          host: '',
          guest: '',
          service: monitor.service,
          name,
          source: monitor.id,
          attributes,
          valueNames: [...commonValueNames, ...(ready.ok ? ready.type.valueNames : [])],
        };
        seriesCache.set(key, series);
      }
      return series;
    },
  };
}

/** Where the slots of a monitor lie in its interval. */
export function slotOffsetMs(monitorId: string, zone: string, intervalMs: number): number {
  return createHash('sha256').update(`${monitorId} ${zone}`).digest().readUInt32BE(0) % intervalMs;
}

type ReadyCheck =
  | { readonly ok: true; readonly type: RunnableMonitorType; readonly conditions: readonly Condition[] }
  | { readonly ok: false; readonly message: string };

/** What the API has checked on saving is checked again: the row may come from a newer release. */
async function prepareCheck(monitor: ScheduledMonitor, { monitorTypes }: CheckSurroundings): Promise<ReadyCheck> {
  const load = Object.hasOwn(monitorTypes, monitor.type) ? monitorTypes[monitor.type] : undefined;
  if (load === undefined) return { ok: false, message: `this process knows no monitor type "${monitor.type}"` };
  const { default: type } = await load();
  const [mistake] = Compile(type.options).Errors(monitor.options);
  if (mistake !== undefined)
    return { ok: false, message: `the options are not valid: ${mistake.instancePath || '/'} ${mistake.message}` };
  const conditions: Condition[] = [];
  for (const text of monitor.assertions.length > 0 ? monitor.assertions : type.defaultAssertions) {
    const parsed = parseCondition(text, type.conditionNames);
    if (!parsed.ok) return { ok: false, message: `the condition "${text}" cannot be read: ${parsed.message}` };
    conditions.push(parsed.condition);
  }
  return { ok: true, type, conditions };
}

async function attempt(
  ready: ReadyCheck,
  { options, timeoutMs }: ScheduledMonitor,
  { egress, credential, wallMs }: CheckSurroundings,
  stop: AbortSignal,
): Promise<Observation> {
  const internal = (message: string): Observation => ({
    outcome: 'failed',
    reason: 'internal',
    message,
    values: {},
    attributes: {},
    detail: { message },
  });
  if (!ready.ok) return internal(ready.message);
  const { type, conditions } = ready;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    return await type.check(options as never, {
      signal: AbortSignal.any([deadline.signal, stop]),
      egress,
      credential,
      wallMs,
      judge: (scope) => judge(conditions, scope),
    });
  } catch (error) {
    return internal(
      `the check stopped with an error of Watchkeeper: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}
