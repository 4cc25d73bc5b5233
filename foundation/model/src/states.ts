import { type Static, Type } from 'typebox';

/** What one observation came to. `skipped`: the call was not made (maintenance, a held dependency). */
export const outcomes = ['ok', 'degraded', 'failed', 'skipped'] as const;
export const Outcome = Type.Unsafe<(typeof outcomes)[number]>(
  Type.Union(outcomes.map((outcome) => Type.Literal(outcome))),
);
export type Outcome = (typeof outcomes)[number];

/** States of a monitor, of a monitor in one zone, and of a service in one environment, worst first. */
export const states = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'] as const;
export const State = Type.Unsafe<(typeof states)[number]>(Type.Union(states.map((state) => Type.Literal(state))));
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

export type StateCounts = Static<typeof StateCounts>;
export const StateCounts = Type.Object({
  failed: Type.Integer({ minimum: 0 }),
  degraded: Type.Integer({ minimum: 0 }),
  unknown: Type.Integer({ minimum: 0 }),
  maintenance: Type.Integer({ minimum: 0 }),
  ok: Type.Integer({ minimum: 0 }),
  paused: Type.Integer({ minimum: 0 }),
});
