import type { LoggedEvent, Outcome, State } from '@watchkeeper/model';
import type { MonitorState, StateChange, WatchedMonitor } from '@watchkeeper/store';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Final results of scheduled checks: what states are made of. A check that somebody asked for is shown, not judged. */
export function isVerdict({ series, outcome }: LoggedEvent): boolean {
  return (
    series.name === 'monitor.checked' &&
    series.attributes.trigger !== 'manual' &&
    outcome !== 'skipped' &&
    uuid.test(series.source)
  );
}

const stateOf: Readonly<Record<Exclude<Outcome, 'skipped'>, State>> = {
  ok: 'ok',
  degraded: 'degraded',
  failed: 'failed',
};

export interface Folded {
  readonly states: readonly MonitorState[];
  readonly changes: readonly StateChange[];
}

/**
 * What states come to after verdicts, in the order of their times. A verdict that is not newer than the last one of
 * its pair changes nothing, so it does not matter how often or how late it comes.
 */
export function foldChecks(
  present: readonly MonitorState[],
  verdicts: readonly LoggedEvent[],
  monitors: ReadonlyMap<string, WatchedMonitor>,
): Folded {
  const states = new Map(present.map((state) => [keyOf(state.monitorId, state.zone), state]));
  const touched = new Set<string>();
  const changes: StateChange[] = [];
  for (const event of [...verdicts].sort((a, b) => timeOf(a) - timeOf(b))) {
    const timeUs = timeOf(event);
    const key = keyOf(event.series.source, event.series.zone);
    const before = states.get(key);
    const monitor = monitors.get(event.series.source);
    if (before === undefined || monitor === undefined || monitor.paused) continue;
    if (before.lastCheckedUs !== null && timeUs <= before.lastCheckedUs) continue;
    const state = stateOf[event.outcome as Exclude<Outcome, 'skipped'>];
    const isChange = state !== before.state;
    const reason = event.reason ?? null;
    const message = typeof event.detail?.message === 'string' ? event.detail.message : null;
    states.set(key, {
      ...before,
      state,
      sinceUs: isChange ? timeUs : before.sinceUs,
      reason,
      message,
      lastCheckedUs: timeUs,
      lastOutcome: event.outcome,
      lastDurationMs: event.values[event.series.valueNames.indexOf('durationMs')] ?? null,
      lastReportedUs: event.receivedUs,
    });
    touched.add(key);
    if (!isChange) continue;
    const { tenantId, service, environment } = monitor;
    changes.push({
      ...{ atUs: timeUs, tenantId, service, environment, state, reason, message },
      monitorId: before.monitorId,
      zone: before.zone,
      previousState: before.state,
    });
  }
  return { states: [...states.values()].filter((state) => touched.has(keyOf(state.monitorId, state.zone))), changes };
}

/** A clock that runs ahead must not make every later result look old: nothing happens after the log took it. */
const timeOf = ({ timeUs, receivedUs }: LoggedEvent) => Math.min(timeUs, receivedUs);

function keyOf(monitorId: string, zone: string): string {
  return `${monitorId} ${zone}`;
}
