import { describe, expect, it } from 'vitest';
import { noProcessFigures, type ProcessList } from '../processes.ts';
import { type SelfKnowledge, selfAnswer } from './self.ts';

const at = '2026-01-01T12:00:30.000Z';
const longAgo = '2026-01-01T11:00:00.000Z';
const id = 'one/11/abcdef01';

const list: ProcessList = {
  ...{ at, backAt: null, leases: [{ name: 'scheduler/fra', holder: id, lastHolder: id, until: at }] },
  items: [
    {
      ...{
        id,
        host: 'one',
        pid: 11,
        version: '0.1.0',
        roles: ['api', 'scheduler', 'processor', 'health'],
        zones: ['fra'],
      },
      ...{ startedAt: longAgo, seenAt: at, state: 'running', isRemote: false, figures: noProcessFigures },
      ...{ leases: ['scheduler/fra'], replacedBy: [], abandoned: [] },
    },
  ],
  readers: [{ reader: 'processor', partition: 0, holder: id, unheldSince: null, lagEvents: 0, lagMs: 0 }],
};
const known = (over: Partial<SelfKnowledge> = {}): SelfKnowledge => ({
  self: { state: 'ok', eventsPerSecond: 3.1, dropped: 0, newestEventAgeMs: 200 },
  zones: [{ name: 'fra', watched: true }],
  hasDeadLetters: false,
  list,
  ...over,
});

describe('How Watchkeeper itself is', () => {
  it('is well when nothing is wrong anywhere', () => {
    expect(selfAnswer(known())).toEqual({ state: 'ok', title: 'Watchkeeper is well' });
  });

  it('is the worst of what the page of processes and doctor know', () => {
    const left = { ...list, readers: list.readers.map((one) => ({ ...one, holder: null, unheldSince: longAgo })) };
    expect(selfAnswer(known({ hasDeadLetters: true, list: left }))).toEqual({
      state: 'failed',
      title: 'Nobody has read partition 0 for 60 min',
    });
    expect(selfAnswer(known({ hasDeadLetters: true }))).toEqual({
      state: 'degraded',
      title: 'Some messages could not be taken',
    });
    expect(selfAnswer(known({ self: { ...known().self, dropped: 3 } })).title).toBe('3 events were dropped');
  });

  it('names a zone that nobody watches from, also one that nobody ever did, and not one that changes hands', () => {
    const zones = [
      { name: 'fra', watched: false },
      { name: 'singapore', watched: false },
    ];
    const moving = {
      ...list,
      leases: [{ name: 'scheduler/fra', holder: null, lastHolder: id, until: '2026-01-01T12:00:29.000Z' }],
    };
    expect(selfAnswer(known({ zones, list: moving }))).toEqual({
      state: 'degraded',
      title: 'Nobody watches from singapore',
    });
  });
});
