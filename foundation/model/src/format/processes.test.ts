import { describe, expect, it } from 'vitest';
import {
  noProcessFigures,
  type ProcessList,
  type ProcessView,
  processFiguresOf,
  type ReaderView,
} from '../processes.ts';
import { lagOf, lagText, rangesText, readsText } from './process-parts.ts';
import { processesAnswer, processName } from './processes.ts';

const at = '2026-01-01T12:00:30.000Z';

function aProcess(over: Partial<ProcessView> = {}): ProcessView {
  return {
    ...{ id: 'one/11/abcdef01', host: 'one', pid: 11, version: '0.1.0', roles: ['api', 'processor', 'health'] },
    ...{ zones: [], startedAt: at, seenAt: at, state: 'running', isRemote: false, figures: noProcessFigures },
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
  ...{ at, items: [aProcess()], leases: [], readers: [aReader()] },
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
      sentences: [expect.any(String), 'two/22 has been silent for 20 s; replaced by one/11.'],
    });
    const missed = aProcess({ ...two, abandoned: ['scheduler/fra'] });
    const leases = [{ name: 'scheduler/fra', holder: null, lastHolder: two.id, until: at }];
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

  it('names the last three that fell silent and counts the rest', () => {
    const silent = [10, 11, 12, 13, 14].map((pid) =>
      aProcess({ id: `two/${pid}/a`, host: 'two', pid, state: 'silent', seenAt: `2026-01-01T12:00:${pid}.000Z` }),
    );
    expect(processesAnswer(aList({ items: [aProcess(), ...silent] })).sentences.slice(1)).toEqual([
      'two/14 has been silent for 16 s.',
      'two/13 has been silent for 17 s.',
      'two/12 has been silent for 18 s.',
      '2 more fell silent within a day.',
    ]);
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

describe('Figures of a process', () => {
  it('of another release count as far as they are understood', () => {
    const told = { dropped: 4, lastError: 'in words only', latenessP99Ms: 'late', waitingEvents: -1, tomorrow: true };
    expect(processFiguresOf(told)).toEqual({ ...noProcessFigures, dropped: 4 });
    expect(processFiguresOf(null)).toEqual(noProcessFigures);
  });
});
