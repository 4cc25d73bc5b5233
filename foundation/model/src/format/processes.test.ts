import { describe, expect, it } from 'vitest';
import {
  noProcessFigures,
  type ProcessList,
  type ProcessView,
  processFiguresOf,
  type ReaderView,
} from '../processes.ts';
import { countText } from './numbers.ts';
import {
  groupedByRole,
  lagOf,
  lagText,
  listensText,
  processName,
  rangesText,
  readsText,
  recentError,
  watchesText,
} from './process-parts.ts';
import { processesAnswer } from './processes.ts';
import { unreadText } from './unheld.ts';

const at = '2026-01-01T12:00:30.000Z';
const longAgo = '2026-01-01T11:00:00.000Z';

function aProcess(over: Partial<ProcessView> = {}): ProcessView {
  return {
    ...{ id: 'one/11/abcdef01', host: 'one', pid: 11, version: '0.1.0', roles: ['api', 'processor', 'health'] },
    ...{ zones: [], startedAt: longAgo, seenAt: at, state: 'running', isRemote: false, figures: noProcessFigures },
    ...{ leases: [], replacedBy: [], abandoned: [] },
    ...over,
  };
}

function aReader(over: Partial<ReaderView> = {}): ReaderView {
  return {
    ...{ reader: 'processor', partition: 0, holder: 'one/11/abcdef01', unheldSince: null, lagEvents: 0, lagMs: 0 },
    ...over,
  };
}

const aList = (over: Partial<ProcessList>): ProcessList => ({
  ...{ at, backAt: null, items: [aProcess()], leases: [], readers: [aReader()] },
  ...over,
});

describe('The sentence about processes', () => {
  it('says how close behind the log everybody reads', () => {
    const readers = [aReader({ lagEvents: 3, lagMs: 350 }), aReader({ partition: 1 })];
    expect(processesAnswer(aList({ readers }))).toEqual({
      state: 'ok',
      title: 'Everything is read within 0.4 s',
      sentences: ['1 process works on 2 partitions.'],
    });
    expect(processesAnswer(aList({})).title).toBe('Everything is read');
  });

  it('names the partition that nobody reads and for how long; a take-over may be under way, later it is a failure', () => {
    const left = (unheldSince: string | null) =>
      processesAnswer(aList({ readers: [aReader(), aReader({ partition: 3, holder: null, unheldSince })] }));
    expect(left('2026-01-01T12:00:18.000Z')).toMatchObject({
      state: 'degraded',
      title: 'Nobody has read partition 3 for 12 s',
      sentences: ['Without a reader: processor 3.', '1 process works on 2 partitions.'],
    });
    expect(left('2026-01-01T12:00:00.000Z')).toMatchObject({
      state: 'failed',
      title: 'Nobody has read partition 3 for 30 s',
    });
    expect(left(null)).toMatchObject({ state: 'failed', title: 'Nobody reads partition 3' });
  });

  it('names the reader that is late, and by how many events', () => {
    const readers = [aReader({ reader: 'health', partition: 2, lagEvents: 12_400, lagMs: 34_000 })];
    expect(processesAnswer(aList({ readers }))).toMatchObject({
      state: 'degraded',
      title: 'Reader health is 34 s behind in partition 2, 12\u202f400 events',
    });
  });

  it('counts the messages that wait outside of the database, and is worried when they are many', () => {
    const waiting = (waitingMessages: number) =>
      processesAnswer(aList({ items: [aProcess({ figures: { ...noProcessFigures, waitingMessages } })] }));
    expect(waiting(1)).toMatchObject({
      state: 'ok',
      sentences: ['1 process works on 1 partition.', '1 message waits to be stored.'],
    });
    expect(waiting(250_000)).toMatchObject({ state: 'degraded', title: '250\u202f000 messages wait to be stored' });
  });

  it('says who took over from a process that fell silent, and what nobody took over', () => {
    const two = {
      id: 'two/22/abcdef02',
      host: 'two',
      pid: 22,
      state: 'silent',
      seenAt: '2026-01-01T12:00:10.000Z',
    } as const;
    const replaced = aProcess({ ...two, replacedBy: [{ process: 'one/11/abcdef01', leases: ['processor/0'] }] });
    expect(processesAnswer(aList({ items: [aProcess(), replaced] }))).toMatchObject({
      state: 'ok',
      sentences: [expect.any(String), 'two/22 fell silent 20 s ago; its work is done by one/11.'],
    });
    const missed = aProcess({ ...two, abandoned: ['scheduler/fra'] });
    const leases = [{ name: 'scheduler/fra', holder: null, lastHolder: two.id, until: '2026-01-01T12:00:26.000Z' }];
    expect(processesAnswer(aList({ items: [aProcess(), missed], leases }))).toMatchObject({
      state: 'degraded',
      title: 'Nobody watches from fra',
      sentences: [
        'Everything is read.',
        expect.any(String),
        'two/22 has been silent for 20 s; nobody took over scheduler/fra.',
      ],
    });
  });

  it('says in one sentence that others do the work of several, and nothing after a while', () => {
    const silent = [10, 11, 12, 13, 14].map((pid) =>
      aProcess({ id: `two/${pid}/a`, host: 'two', pid, state: 'silent', seenAt: `2026-01-01T12:00:${pid}.000Z` }),
    );
    expect(processesAnswer(aList({ items: [aProcess(), ...silent] }))).toMatchObject({
      state: 'ok',
      sentences: [
        '1 process works on 1 partition.',
        'two/14, two/13, two/12 and 2 more fell silent, the last one 16 s ago; others do their work.',
      ],
    });
    const old = silent.map((item) => ({ ...item, seenAt: '2026-01-01T11:40:00.000Z' }));
    expect(processesAnswer(aList({ items: [aProcess(), ...old] })).sentences).toHaveLength(1);
  });

  it('names those whose work lies for ever, and waits for what one process does alone', () => {
    const gone = aProcess({
      ...{ id: 'two/22/a', host: 'two', pid: 22, state: 'silent', seenAt: '2026-01-01T11:40:00.000Z' },
      abandoned: ['maintenance'],
    });
    const left = (until: string) =>
      processesAnswer(
        aList({
          items: [aProcess(), gone],
          leases: [{ name: 'maintenance', holder: null, lastHolder: gone.id, until }],
        }),
      );
    expect(left('2026-01-01T12:00:15.000Z').state).toBe('ok');
    expect(left('2026-01-01T12:00:00.000Z')).toMatchObject({
      state: 'degraded',
      title: 'two/22 is silent, and nobody does all of its work',
    });
  });

  it('takes an orderly hand-over and a start for no trouble, whatever lies for a moment', () => {
    const until = '2026-01-01T12:00:28.000Z';
    const moving = aList({
      readers: [aReader({ holder: null, unheldSince: until })],
      leases: [{ name: 'scheduler/fra', holder: null, lastHolder: 'gone/1/a', until }],
    });
    expect(processesAnswer(moving)).toMatchObject({ state: 'ok', title: 'Everything is read' });
    expect(unreadText(moving)).toBe('');
    expect(processesAnswer({ ...moving, items: [aProcess({ roles: ['api', 'health'] })] }).state).toBe('ok');
    const started = aProcess({ startedAt: '2026-01-01T12:00:25.000Z' });
    const never = [aReader({ holder: null, unheldSince: null })];
    expect(processesAnswer(aList({ items: [started], readers: never })).state).toBe('ok');
  });

  it('lets everybody come back after the database was away', () => {
    const away = aList({ readers: [aReader({ holder: null, unheldSince: '2026-01-01T11:59:00.000Z' })] });
    expect(processesAnswer(away).title).toBe('Nobody has read partition 0 for 1 min');
    expect(processesAnswer({ ...away, backAt: '2026-01-01T12:00:25.000Z' })).toMatchObject({ state: 'ok' });
    expect(processesAnswer({ ...away, backAt: '2026-01-01T12:00:10.000Z' }).state).toBe('failed');
  });

  it('tells of errors within the last minute, the newest one in words', () => {
    const failing = (pid: number, message: string, errorAt: string) =>
      aProcess({ pid, figures: { ...noProcessFigures, lastError: { message, at: errorAt } } });
    const items = [
      failing(11, 'RabbitMQ was lost', '2026-01-01T12:00:20.000Z'),
      failing(12, `Kafka was lost, ${'and '.repeat(100)}`, '2026-01-01T12:00:25.000Z'),
      failing(13, 'long ago', '2026-01-01T11:59:00.000Z'),
    ];
    const said = processesAnswer(aList({ items })).sentences.at(-1);
    expect(said).toMatch(/^2 processes told of an error within a minute, one\/12 last: Kafka was lost, and .*…$/);
    expect(processesAnswer(aList({ items: items.slice(2) })).sentences).toHaveLength(1);
  });

  it('an error that did not come again for minutes is history', () => {
    const figures = { ...noProcessFigures, lastError: { message: 'Kafka was lost', at: '2026-01-01T12:00:00.000Z' } };
    expect(recentError(figures, Date.parse(at))?.message).toBe('Kafka was lost');
    expect(recentError(figures, Date.parse('2026-01-01T12:05:00.000Z'))).toBeNull();
  });

  it('says when a role is missing altogether', () => {
    expect(processesAnswer(aList({ items: [aProcess({ roles: ['api'] })] }))).toMatchObject({
      state: 'failed',
      title: 'No process has the role processor and health',
    });
  });

  it('calls a process by host and number, known or not', () => {
    expect([processName('one/11/abcdef01', [aProcess()]), processName('gone/7/abcdef03', [])]).toEqual([
      'one/11',
      'gone/7',
    ]);
    expect(processName('default/0123456789ab/far.example.9.abcdef04', [])).toBe('far.example.9');
  });
});

describe('What a process reads', () => {
  it('is told by reader, neighbouring partitions together', () => {
    const id = 'one/11/abcdef01';
    const readers = [0, 1, 2, 5].map((partition) =>
      aReader({ partition, lagEvents: partition, lagMs: partition * 10 }),
    );
    expect(readsText(id, [...readers, aReader({ reader: 'health' }), aReader({ partition: 7, holder: null })])).toBe(
      'processor 0–2, 5; health 0',
    );
    expect([rangesText([3, 2]), rangesText([]), readsText('two', readers)]).toEqual(['2, 3', '', '']);
    expect(lagOf(readers)).toEqual({ events: 8, ageMs: 50 });
    expect(lagOf([aReader({ lagEvents: null, lagMs: null })])).toBeUndefined();
    expect([lagText(undefined), lagText({ events: 0, ageMs: 0 }), lagText({ events: 1, ageMs: 174 })]).toEqual([
      '–',
      'none',
      '1 event, 174 ms',
    ]);
  });
});

describe('The list of processes', () => {
  it('puts together those that do the same, running ones first, and says from where each watches', () => {
    const one = (pid: number, roles: string[], over: Partial<ProcessView> = {}) =>
      aProcess({ id: `h/${pid}/a`, host: 'h', pid, roles, zones: ['ams', 'fra'], ...over });
    const items = [
      one(9, ['health'], { state: 'silent' }),
      one(10, ['scheduler'], { leases: ['scheduler/fra'] }),
      one(7, ['health']),
      one(12, ['scheduler'], { isRemote: true }),
      one(2, ['api']),
      one(8, ['scheduler']),
    ];
    expect(groupedByRole(items).map(({ pid }) => pid)).toEqual([2, 8, 10, 12, 7, 9]);
    expect(groupedByRole(items).slice(0, 3).map(watchesText)).toEqual([
      '',
      'stands by for ams and fra',
      'watches from fra',
    ]);
  });
});

describe('Figures of a process', () => {
  it('say what its listeners have taken, and what was wrong with it', () => {
    const counts = { lines: 1200, unreadable: 0, lost: 0, refused: 0, dropped: 0 };
    const listeners = [
      { ...counts, name: 'statsd', places: ['udp 127.0.0.1:8125', 'tcp 127.0.0.1:8125'], unreadable: 3, lost: 7 },
      { ...counts, name: 'graphite', places: [], lines: 0 },
    ];
    expect(listensText({ ...noProcessFigures, listeners })).toBe(
      `statsd (udp 127.0.0.1:8125, tcp 127.0.0.1:8125): ${countText(1200)} lines, 3 unreadable, 7 lost; graphite (its port is taken): 0 lines`,
    );
    expect(listensText(noProcessFigures)).toBe('');
  });

  it('of another release count as far as they are understood', () => {
    const told = { dropped: 4, lastError: 'in words only', latenessP99Ms: 'late', waitingEvents: -1, tomorrow: true };
    expect(processFiguresOf(told)).toEqual({ ...noProcessFigures, dropped: 4 });
    expect(processFiguresOf(null)).toEqual(noProcessFigures);
  });
});
