import { type Static, Type } from 'typebox';
import { outcomes, states } from './state-names.ts';

export * from './state-names.ts';

export const Outcome = Type.Unsafe<(typeof outcomes)[number]>(
  Type.Union(outcomes.map((outcome) => Type.Literal(outcome))),
);
export const State = Type.Unsafe<(typeof states)[number]>(Type.Union(states.map((state) => Type.Literal(state))));

// One name for the schema and its values; these two stand before those of state-names.ts.
export type Outcome = (typeof outcomes)[number];
export type State = (typeof states)[number];

export type StateCounts = Static<typeof StateCounts>;
export const StateCounts = Type.Object({
  failed: Type.Integer({ minimum: 0 }),
  degraded: Type.Integer({ minimum: 0 }),
  unknown: Type.Integer({ minimum: 0 }),
  maintenance: Type.Integer({ minimum: 0 }),
  ok: Type.Integer({ minimum: 0 }),
  paused: Type.Integer({ minimum: 0 }),
});
