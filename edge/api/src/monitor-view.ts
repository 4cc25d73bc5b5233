import {
  CheckTally,
  durationText,
  type Monitor,
  type MonitorRow,
  type MonitorStatus,
  type Outcome,
  type State,
  severityOf,
  worstState,
  type ZoneStatus,
} from '@watchkeeper/model';
import type { CheckPeriod, MonitorDetail, ZoneStateRow } from '@watchkeeper/store';

/** A monitor as the API shows it. */
export function viewOfMonitor(row: MonitorDetail): Monitor {
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    service: row.service,
    environment: row.environment,
    zones: row.zones,
    type: row.type,
    options: row.options,
    interval: durationText(row.interval_ms),
    timeout: durationText(row.timeout_ms),
    retries: row.retries,
    assertions: row.assertions,
    labels: row.labels,
    paused: row.paused,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/**
 * Worst of the zones it is watched from; `paused` while it is paused. Since when and why are those of the zone that
 * came to the worst state first.
 */
export function statusOf(
  { id, zones, paused }: Pick<MonitorDetail, 'id' | 'zones' | 'paused'>,
  rows: readonly ZoneStateRow[],
): MonitorStatus {
  const zoneStatuses = zones.map((zone) => {
    const row = rows.find((candidate) => candidate.monitorId === id && candidate.zone === zone);
    return zoneStatus(zone, row, paused);
  });
  const state = paused ? 'paused' : worstState(zoneStatuses.map((zone) => zone.state));
  const worst = zoneStatuses.filter((zone) => zone.state === state).sort(bySince)[0];
  return {
    monitorId: id,
    state,
    since: worst?.since ?? null,
    reason: worst?.reason ?? null,
    message: worst?.message ?? null,
    zones: zoneStatuses,
  };
}

function zoneStatus(zone: string, row: ZoneStateRow | undefined, isPaused: boolean): ZoneStatus {
  const state: State = isPaused ? 'paused' : (row?.state ?? 'unknown');
  return {
    zone,
    state,
    since: row !== undefined && row.state === state ? (row.since?.toISOString() ?? null) : null,
    reason: isPaused ? null : (row?.reason ?? null),
    message: isPaused ? null : (row?.message ?? null),
    lastCheckedAt: row?.lastCheckedAt?.toISOString() ?? null,
    lastOutcome: (row?.lastOutcome ?? null) as Outcome | null,
    lastDurationMs: row?.lastDurationMs ?? null,
  };
}

function bySince(a: ZoneStatus, b: ZoneStatus): number {
  const time = (status: ZoneStatus) => (status.since === null ? Number.POSITIVE_INFINITY : Date.parse(status.since));
  return time(a) - time(b) || severityOf(b.state) - severityOf(a.state);
}

/** A row of the list of monitors; `minutes` are those of the last hour. */
export function rowOf(
  monitor: MonitorDetail,
  states: readonly ZoneStateRow[],
  minutes: readonly CheckPeriod[],
  nowMs: number,
): MonitorRow {
  const tally = new CheckTally();
  for (const { startMs, outcomes, durations } of minutes) tally.add(startMs, outcomes, durations);
  return {
    monitor: viewOfMonitor(monitor),
    target: monitor.target,
    status: statusOf(monitor, states),
    strip: tally.strip(nowMs),
    okRatio: tally.okRatio,
    p95Ms: tally.percentile(0.95),
  };
}
