/** What one observation came to. `skipped`: the call was not made (maintenance, a held dependency). */
export const outcomes = ['ok', 'degraded', 'failed', 'skipped'] as const;
export type Outcome = (typeof outcomes)[number];

/** States of monitors, of a monitor in one zone, and of a service in one environment, worst first. */
export const states = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'] as const;
export type State = (typeof states)[number];

/** The words people read. */
export const stateTitles: Readonly<Record<State, string>> = {
  failed: 'Failed',
  degraded: 'Degraded',
  unknown: 'No data',
  maintenance: 'Maintenance',
  ok: 'OK',
  paused: 'Paused',
};

const severity = new Map<State, number>(states.map((state, index) => [state, states.length - index]));

/** Higher is worse; the order of `states`. */
export function severityOf(state: State): number {
  return severity.get(state) ?? 0;
}

/** The worst of several states; `unknown` of none. */
export function worstState(all: Iterable<State>): State {
  let worst: State | undefined;
  for (const state of all) if (worst === undefined || severityOf(state) > severityOf(worst)) worst = state;
  return worst ?? 'unknown';
}
