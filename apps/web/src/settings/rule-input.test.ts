import type { AlertRule } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { inputOfRule } from './rule-input.ts';

it('A rule that is edited is sent without what it does not say, and without what the server adds', () => {
  const rule: AlertRule = {
    ...{ tenant: 'default', name: 'slow', events: 'order.placed', where: {}, groupBy: [], aggregate: 'count' },
    ...{ window: '5m', above: 3, below: null, endsAt: null, for: '0s', endsAfter: '0s', delay: '2s', state: 'failed' },
    ...{ text: null, channels: [], paused: false, version: 7 },
    status: { judgedAt: null, groups: 1, open: 0, leftOut: 0 },
  };
  expect(inputOfRule(rule)).toEqual({
    ...{ name: 'slow', events: 'order.placed', where: {}, groupBy: [], aggregate: 'count', window: '5m', above: 3 },
    ...{ for: '0s', endsAfter: '0s', delay: '2s', state: 'failed', channels: [], paused: false },
  });
});
