import type { Sink } from '../sink.ts';
import { millisecondsText } from './numbers.ts';
import { lagText } from './process-parts.ts';

/** What a sink takes: `all events`, `openstack.* monitor.checked`, `rollup monitors by 1m`. */
export function sinkTakesText({ events, rollup }: Pick<Sink, 'events' | 'rollup'>): string {
  if (rollup !== null) return `rollup ${rollup.name} by ${rollup.granularity}`;
  return events === null || events.names.length === 0 ? 'all events' : events.names.join(' ');
}

/** How far a sink is behind: `none`, `12 410 events, 2.31 s`; of a rollup the time since its last period. */
export function sinkLagText({ status: { lagEvents, lagMs } }: Pick<Sink, 'status'>): string {
  if (lagMs === null) return '–';
  return lagEvents === null ? millisecondsText(lagMs) : lagText({ events: lagEvents, ageMs: lagMs });
}
