import type { NewEvent } from '@watchkeeper/model';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';

/** Event number `seq`, the same whenever it is made: what is sent again is what was sent before. */
export function numberedEvent(seq: number): NewEvent {
  const isFailed = seq % 5 === 0;
  return anEvent({
    series: series[seq % series.length] as (typeof series)[number],
    timeUs: 1_763_700_000_000_000 + seq * 50_000,
    outcome: isFailed ? 'failed' : 'ok',
    ...(isFailed ? { reason: 'status' } : {}),
    values: [1 + (seq % 40)],
  });
}

/** 35 series; those whose number is a multiple of five have failed. */
const series = Array.from({ length: 35 }, (_, index) =>
  aSeries({
    source: `00000000-0000-4000-8000-00000000000${index % 7}`,
    attributes: { status: index % 5 === 0 ? '503' : '200' },
  }),
);

export function numberedEvents(firstSeq: number, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, index) => numberedEvent(firstSeq + index));
}
