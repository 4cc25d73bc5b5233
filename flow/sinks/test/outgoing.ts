import { openEgress } from '@watchkeeper/guard';
import { systemClock } from '@watchkeeper/kit';
import type { OutgoingBatch, OutgoingEvent } from '@watchkeeper/model';
import type { SinkContext } from '../src/index.ts';

/** Recent, in whole milliseconds: targets refuse what is too old. */
export const nowUs = Math.floor(Date.now() / 1000) * 1_000_000 - 60_000_000;

export const anOutgoing = (over: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  ...{ id: '0-1', timeUs: nowUs, timeNs: 0, receivedUs: nowUs, outcome: 'ok', reason: undefined, detail: undefined },
  values: [12.5],
  repeats: 0,
  series: {
    name: 'monitor.checked',
    labels: { environment: 'production', service: 'shop', status: '200' },
    valueNames: ['durationMs'],
    outcomeLabel: 'outcome',
    reasonLabel: 'reason',
  },
  ...over,
});

/** Events a second apart, their values rising from `from`. */
export const someEvents = (count: number, from = 1): OutgoingEvent[] =>
  Array.from({ length: count }, (_, place) =>
    anOutgoing({
      id: `0-${from + place}`,
      values: [from + place],
      timeUs: nowUs - 3_600_000_000 + (from + place) * 1_000_000,
    }),
  );

export const aBatch = (events: readonly OutgoingEvent[], over: Partial<OutgoingBatch> = {}): OutgoingBatch => ({
  ...{ partition: 0, producer: 'sink/default/out/0', epoch: 1, firstSeq: 1, events },
  ...over,
});

export const aContext = (over: Partial<SinkContext> = {}): SinkContext => ({
  sink: 'default/out',
  egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
  clock: systemClock,
  credential: () => undefined,
  kafka: undefined,
  filesDir: undefined,
  timeoutMs: 2000,
  ...over,
});
