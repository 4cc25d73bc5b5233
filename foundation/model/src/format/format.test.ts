import { describe, expect, it } from 'vitest';
import type { MonitorStatus } from '../monitor.ts';
import type { Overview, Problem } from '../service.ts';
import {
  clockText,
  countText,
  lengthText,
  listText,
  millisecondsText,
  monitorAnswer,
  overviewAnswer,
  preciseClockText,
  settingText,
  shareText,
} from './index.ts';

const thin = '\u202f';
const zero = { failed: 0, degraded: 0, unknown: 0, maintenance: 0, ok: 0, paused: 0 };

describe('numbers that people read', () => {
  it.each([
    [0.0512, '0.05 ms'],
    [9.41, '9.41 ms'],
    [9.996, '10.0 ms'],
    [99.96, '100 ms'],
    [328.4, '328 ms'],
    [999.6, '1.00 s'],
    [1190, '1.19 s'],
    [12_345, '12.3 s'],
    [123_456, '123 s'],
    [null, '–'],
  ])('%s milliseconds are "%s"', (value, text) => expect(millisecondsText(value)).toBe(text));

  it.each([
    [1, '100 %'],
    [0.999999, '99.99 %'],
    [0.9985, '99.85 %'],
    [0.972, '97.2 %'],
    [0, '0.0 %'],
    [null, '–'],
  ])('a ratio of %s is "%s"', (value, text) => expect(shareText(value)).toBe(text));

  it('groups thousands with a thin space', () => expect(countText(1_234_567)).toBe(`1${thin}234${thin}567`));
});

describe('times that people read', () => {
  const nowMs = Date.parse('2026-03-04T10:15:22Z');
  it('shows a clock today and the date on another day', () => {
    expect(clockText('2026-03-04T09:41:07.123Z', nowMs)).toBe('09:41:07');
    expect(clockText('2026-03-03T23:59:59Z', nowMs)).toBe('2026-03-03 23:59:59');
  });
  it.each([
    [0, '0 s'],
    [89_000, '89 s'],
    [90_000, '1 min'],
    [34 * 60_000, '34 min'],
    [90 * 60_000, '1 h'],
    [47 * 3_600_000, '47 h'],
    [72 * 3_600_000, '3 d'],
  ])('%s ms last "%s"', (ms, text) => expect(lengthText(ms)).toBe(text));
  it('shows the milliseconds of a single check', () => {
    expect(preciseClockText(nowMs + 954)).toBe('10:15:22.954');
  });
  it.each([
    ['5s', '5 s'],
    ['1m30s', '1 min 30 s'],
    ['250ms', '250 ms'],
    ['soon', 'soon'],
  ])('a setting of "%s" reads "%s"', (setting, text) => expect(settingText(setting)).toBe(text));
});

function aProblem(over: Partial<Problem>): Problem {
  return {
    service: 'shop',
    environment: 'production',
    state: 'failed',
    since: '2026-03-04T09:41:22Z',
    reason: 'status',
    message: 'GET / answered 503',
    heldBy: null,
    failingChecks: 1,
    allChecks: 2,
    zones: [
      { zone: 'fra', state: 'failed' },
      { zone: 'ams', state: 'ok' },
    ],
    strip: '',
    alert: null,
    monitorIds: [],
    ...over,
  };
}

function anOverview(problems: Problem[], over: Partial<Overview> = {}): Overview {
  return {
    at: '2026-03-04T10:15:22Z',
    counts: { ...zero, ok: 1 },
    monitorCounts: zero,
    problems,
    environments: [
      {
        name: 'production',
        title: 'Production',
        zones: [
          { name: 'fra', title: 'Frankfurt', code: 'FRA' },
          { name: 'ams', title: 'Amsterdam', code: 'AMS' },
        ],
      },
    ],
    services: [
      { name: 'shop', title: 'Shop', cells: [] },
      { name: 'search', title: 'Search', cells: [] },
    ],
    activity: [],
    self: { state: 'ok', eventsPerSecond: 0, dropped: 0, newestEventAgeMs: null },
    ...over,
  };
}

describe('the sentence of the overview', () => {
  it('names what is wrong, since when and from where', () => {
    const { title, sentences } = overviewAnswer(anOverview([aProblem({})]));
    expect(title).toBe('Shop is failing in Production');
    expect(sentences).toEqual(['Failing for 34 min from Frankfurt.']);
  });
  it('names zones that see less of it, and what we did', () => {
    const alert = { id: 'a', openedAt: '', held: false, channels: ['on-call', 'web'], lastError: null };
    const zones = [
      { zone: 'fra', state: 'failed' as const },
      { zone: 'ams', state: 'degraded' as const },
    ];
    const told = aProblem({ zones, alert: { ...alert, toldAt: '2026-03-04T09:42:00Z' } });
    expect(overviewAnswer(anOverview([told])).sentences).toEqual([
      'Failing for 34 min from Frankfurt, degraded from Amsterdam.',
      'Told on-call and web at 09:42:00.',
    ]);
    const silent = aProblem({ alert: { ...alert, toldAt: null, lastError: 'refused' } });
    expect(overviewAnswer(anOverview([silent])).sentences[1]).toBe('Nobody could be told yet.');
    expect(overviewAnswer(anOverview([aProblem({ alert: { ...alert, toldAt: null } })])).sentences).toHaveLength(1);
  });
  it('groups what suffers under its cause', () => {
    const { sentences } = overviewAnswer(
      anOverview([aProblem({}), aProblem({ service: 'search', state: 'degraded', heldBy: 'shop' })]),
    );
    expect(sentences[1]).toBe('Search because of it.');
  });
  it('tells of one other problem by name and of several by number', () => {
    const other = aProblem({ service: 'search', state: 'degraded' });
    expect(overviewAnswer(anOverview([aProblem({}), other])).sentences[1]).toBe('Search is degraded in Production.');
    expect(overviewAnswer(anOverview([aProblem({}), other, other])).sentences[1]).toBe('2 more need a look.');
  });
  it('is content when all is well, and says so when nothing is watched', () => {
    expect(overviewAnswer(anOverview([])).title).toBe('Everything is well');
    expect(overviewAnswer(anOverview([], { services: [] })).title).toBe('Nothing is watched yet');
    expect(overviewAnswer(anOverview([], { counts: { ...zero, unknown: 2, ok: 1 } })).title).toBe(
      'Waiting for the first checks',
    );
  });
});

describe('the sentence of a monitor', () => {
  it('says from where it fails, from where it is slow, and why', () => {
    const zone = {
      since: null,
      reason: null,
      message: null,
      lastCheckedAt: null,
      lastOutcome: null,
      lastDurationMs: null,
    };
    const status: MonitorStatus = {
      monitorId: 'x',
      state: 'failed',
      since: '2026-03-04T10:14:52Z',
      reason: 'connect_refused',
      message: null,
      zones: [
        { zone: 'fra', state: 'failed', ...zone },
        { zone: 'ams', state: 'degraded', ...zone },
      ],
    };
    const answer = monitorAnswer(status, Date.parse('2026-03-04T10:15:22Z'), (name) => name.toUpperCase());
    expect(answer.sentences).toEqual(['Failing for 30 s from FRA, degraded from AMS.', 'Connection refused.']);
  });
  it('joins names as people do', () => expect(listText(['a', 'b', 'c'])).toBe('a, b and c'));
});
