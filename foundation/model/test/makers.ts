import type { NewEvent } from '../src/event.ts';
import type { Series } from '../src/series.ts';

/** Small makers for tests and benches: only what matters to the reader of a test needs to be said. */

export function aSeries(over: Partial<Series> = {}): Series {
  return {
    tenant: 'default',
    environment: 'production',
    zone: 'local',
    host: '',
    guest: '',
    service: 'shop',
    name: 'monitor.checked',
    source: '00000000-0000-4000-8000-000000000001',
    attributes: { type: 'http', status: '200' },
    valueNames: ['durationMs'],
    ...over,
  };
}

export function anEvent(over: Partial<NewEvent> = {}): NewEvent {
  return { series: aSeries(), timeUs: 1_700_000_000_000_000, outcome: 'ok', values: [12.5], ...over };
}
