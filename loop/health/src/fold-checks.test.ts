import type { LoggedEvent, NewEvent } from '@watchkeeper/model';
import type { MonitorState, WatchedMonitor } from '@watchkeeper/store';
import { describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { foldChecks, isVerdict } from './fold-checks.ts';

const id = '00000000-0000-4000-8000-000000000001';
const seconds = 1_000_000;
const startUs = 1_800_000_000 * seconds;

const monitor = (over: Partial<WatchedMonitor> = {}): WatchedMonitor => ({
  ...{ id, tenantId: 1, tenant: 'default', name: 'Home page', service: 'shop', environment: 'production' },
  ...{ zones: ['local'], paused: false },
  ...over,
});
const state = (over: Partial<MonitorState> = {}): MonitorState => ({
  ...{ monitorId: id, zone: 'local', state: 'unknown', sinceUs: null, reason: null, message: null },
  ...{ lastCheckedUs: null, lastOutcome: null, lastDurationMs: null, lastReportedUs: null },
  ...over,
});
/** A result of a check `after` seconds, taken by the log at once. */
const result = (after: number, over: Partial<NewEvent> & { receivedUs?: number } = {}): LoggedEvent => ({
  ...anEvent({ timeUs: startUs + after * seconds }),
  ...{ partition: 0, offset: 1, receivedUs: startUs + after * seconds, producerId: 1, epoch: 1, seq: 1 },
  ...over,
});
const failed = { outcome: 'failed', reason: 'status', detail: { message: 'answered 503' } } as const;
const fold = (present: MonitorState, verdicts: readonly LoggedEvent[], watched = monitor()) =>
  foldChecks([present], verdicts, new Map([[id, watched]]));

describe('Results of checks', () => {
  it('are folded in the order in which they happened, and every change of state is noted once', () => {
    const { states, changes } = fold(state(), [result(3), result(1), result(2, failed), result(4)]);
    expect(states).toMatchObject([
      { state: 'ok', sinceUs: startUs + 3 * seconds, reason: null, lastCheckedUs: startUs + 4 * seconds },
    ]);
    expect(changes.map((change) => [change.previousState, change.state, change.message])).toEqual([
      ['unknown', 'ok', null],
      ['ok', 'failed', 'answered 503'],
      ['failed', 'ok', null],
    ]);
  });

  it('that are not newer than the last one change nothing', () => {
    const present = state({ state: 'ok', sinceUs: startUs, lastCheckedUs: startUs + 10 * seconds });
    expect(fold(present, [result(9, failed), result(10, failed)])).toEqual({ states: [], changes: [] });
  });

  it('keep the beginning of a state and renew why and how long', () => {
    const present = state({ state: 'failed', sinceUs: startUs, lastCheckedUs: startUs, message: 'answered 500' });
    const { states, changes } = fold(present, [result(5, { ...failed, values: [250] })]);
    expect(changes).toEqual([]);
    expect(states).toMatchObject([
      { state: 'failed', sinceUs: startUs, message: 'answered 503', lastDurationMs: 250, lastOutcome: 'failed' },
    ]);
  });

  it('of a clock that runs ahead do not make later results look old', () => {
    const ahead = result(3600, { receivedUs: startUs + seconds });
    const { states } = fold(state(), [ahead]);
    expect(states).toMatchObject([{ state: 'ok', lastCheckedUs: startUs + seconds }]);
    expect(fold(states[0] as MonitorState, [result(2, failed)]).states).toMatchObject([{ state: 'failed' }]);
  });

  it('of a paused monitor judge nothing', () => {
    const present = state({ state: 'paused' });
    expect(fold(present, [result(1)], monitor({ paused: true }))).toEqual({ states: [], changes: [] });
  });

  it.each([
    ['a final result', {}, true],
    ['an attempt that was followed by another one', { series: aSeries({ name: 'monitor.attempted' }) }, false],
    ['a check that somebody asked for', { series: aSeries({ attributes: { trigger: 'manual' } }) }, false],
    ['a check that was not made', { outcome: 'skipped' as const }, false],
    ['an event of a source that is no monitor', { series: aSeries({ source: 'elsewhere' }) }, false],
  ])('%s: is it a verdict?', (_what, over, isOne) => {
    expect(isVerdict(result(1, over))).toBe(isOne);
  });
});
