import type { Outcome } from '@watchkeeper/model/light';
import type { Check } from './checks.ts';

type Seen = Exclude<Outcome, 'skipped'>;
export interface StateChange {
  readonly atMs: number;
  readonly to: Seen;
}

const badness: Readonly<Record<Seen, number>> = { ok: 0, degraded: 1, failed: 2 };

/** When the worst of the zones became another one, in the order of time. How it was at first is no change. */
export function stateChangesOf(checks: readonly Check[]): StateChange[] {
  const zones = new Map<string, Seen>();
  const changes: StateChange[] = [];
  let present: Seen | undefined;
  for (const { atMs, zone, outcome, isRetried } of checks) {
    if (isRetried || outcome === 'skipped') continue;
    zones.set(zone, outcome);
    let worst: Seen = 'ok';
    for (const seen of zones.values()) if (badness[seen] > badness[worst]) worst = seen;
    if (present !== undefined && worst !== present) changes.push({ atMs, to: worst });
    present = worst;
  }
  return changes;
}
