import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../test/makers.ts';
import type { EventBatch } from './event.ts';
import { decodeEventMessage, encodeEventMessage } from './event-message.ts';
import { eventMessageLimits } from './event-message-limits.ts';
import { EventMessage } from './event-message-schema.ts';

const series = aSeries();
const slot = { monitorId: series.source, zone: series.zone, slotMs: 1_700_000_000_000, attempt: 1 };
const aBatch = (over: Partial<EventBatch> = {}): EventBatch => ({
  producer: 'scheduler/fra',
  epoch: 3,
  firstSeq: 41,
  events: [
    anEvent({ series, slot }),
    anEvent({ series, outcome: 'failed', reason: 'timeout', values: [null], detail: { message: 'no answer' } }),
    anEvent({ series: aSeries({ name: 'monitor.attempted' }), timeNs: 999, slot: { ...slot, zone: 'fra' } }),
  ],
  ...over,
});
/** What travels: the text of the message, read again. */
const sent = (batch: EventBatch) => JSON.parse(JSON.stringify(encodeEventMessage(batch))) as EventMessage;
const isValid = Compile(EventMessage);

describe('The message that carries events', () => {
  it('gives back what was put in, with each series once', () => {
    const message = sent(aBatch());
    expect(message.series).toHaveLength(2);
    expect(message.events[0]?.slot).toEqual({ slotMs: slot.slotMs, attempt: 1 });
    expect(decodeEventMessage(message)).toEqual({ batches: [aBatch()], problems: [] });
    expect(isValid.Check(message)).toBe(true);
  });

  it('has equal series once, though they are different objects', () => {
    const message = sent(aBatch({ events: [anEvent(), anEvent(), anEvent({ series: aSeries({ zone: 'fra' }) })] }));
    expect([message.series.length, message.events.map((event) => event.series)]).toEqual([2, [0, 0, 1]]);
  });

  it('may leave out what is empty', () => {
    const message = {
      ...{ version: 1, producer: 'p', epoch: 1, firstSeq: 1 },
      series: [{ name: 'door.opened', valueNames: [] }],
      events: [{ series: 0, timeUs: 1, outcome: 'ok', values: [] }],
    };
    expect(isValid.Check(message)).toBe(true);
    const { batches, problems } = decodeEventMessage(message);
    expect(problems).toEqual([]);
    expect(batches[0]?.events[0]?.series).toEqual({
      ...{ tenant: 'default', environment: '', zone: '', host: '', guest: '', service: '', source: '' },
      ...{ name: 'door.opened', attributes: {}, valueNames: [] },
    });
  });

  it('has whatever tenant and producer the receiver says', () => {
    const over = { tenant: 'acme', producer: (given: string) => `key/${given}` };
    const { batches } = decodeEventMessage(sent(aBatch()), over);
    expect(batches[0]?.producer).toBe('key/scheduler/fra');
    const long = decodeEventMessage({ ...sent(aBatch()), producer: 'p'.repeat(200) }, over);
    expect(long).toMatchObject({ batches: [], problems: [{ index: null, pointer: '/producer' }] });
    expect(new Set(batches[0]?.events.map((event) => event.series.tenant))).toEqual(new Set(['acme']));
  });

  it('loses only its bad events, and the others keep their sequence numbers', () => {
    const message = sent(aBatch({ events: Array.from({ length: 6 }, () => anEvent({ series })) }));
    Object.assign(message.events[1] as object, { outcome: 'fine' });
    Object.assign(message.events[2] as object, { values: [] });
    Object.assign(message.events[5] as object, { series: 7 });
    const { batches, problems } = decodeEventMessage(message);
    expect(batches.map(({ firstSeq, events }) => [firstSeq, events.length])).toEqual([
      [41, 1],
      [44, 2],
    ]);
    expect(problems.map(({ index, pointer }) => [index, pointer])).toEqual([
      [1, '/events/1'],
      [2, '/events/2'],
      [5, '/events/5'],
    ]);
    expect(problems[0]?.message).toContain('ok, degraded, failed, skipped');
  });

  let deep: Record<string, unknown> = {};
  for (let level = 0; level < eventMessageLimits.detailDepth; level++) deep = { deep };

  it.each([
    ['no object', 7],
    ['an instant that is no whole number', { timeUs: 1.5 }],
    ['an instant beyond the year 2200', { timeUs: 8e15 }],
    ['nanoseconds beyond 999', { timeNs: 1000 }],
    ['an infinite value', { values: [Number.POSITIVE_INFINITY] }],
    ['a value whose sums could leave a double', { values: [-1.1e290] }],
    ['text as a value', { values: ['1'] }],
    ['a reason that is empty', { reason: '' }],
    ['a reason that is too long', { reason: 'x'.repeat(64) }],
    ['a detail that is a list', { detail: [] }],
    ['a detail that is nested too deep', { detail: deep }],
    ['a slot without an attempt', { slot: { slotMs: 1 } }],
    ['a slot of what is no monitor', { slot: { slotMs: 1, attempt: 1, monitorId: 'ABC' } }],
    ['a slot of what is no zone', { slot: { slotMs: 1, attempt: 1, zone: 'a\0b' } }],
  ])('refuses an event with %s', (_title, over) => {
    const [good] = sent(aBatch()).events;
    const message = { ...sent(aBatch()), events: [typeof over === 'number' ? over : { ...good, ...over }, good] };
    const { batches, problems } = decodeEventMessage(message);
    expect(problems).toHaveLength(1);
    expect(batches.map(({ firstSeq }) => firstSeq)).toEqual([42]);
  });

  it.each([
    ['without a name', { name: '' }],
    ['of a tenant that can be none', { tenant: 'A b' }],
    ['with an attribute that is no text', { attributes: { status: 200 } }],
    ['with two values of one name', { valueNames: ['durationMs', 'durationMs'] }],
    ['with more text than is taken', { service: 'x'.repeat(201) }],
  ])('refuses the events of a series %s, and no others', (_title, over) => {
    const message = sent(aBatch());
    Object.assign(message.series[0] as object, over);
    const { batches, problems } = decodeEventMessage(message);
    expect(problems.map(({ index }) => index)).toEqual([0, 1]);
    expect(batches.map(({ firstSeq }) => firstSeq)).toEqual([43]);
  });

  it('may lie a day in the future of the border that reads it, and no more', () => {
    const message = sent(aBatch({ events: [anEvent({ series }), anEvent({ series, slot })] }));
    const nowMs = (message.events[0]?.timeUs ?? 0) / 1000 - 86_400_000;
    expect(decodeEventMessage(message, { nowMs: nowMs + 1 }).problems).toEqual([]);
    expect(decodeEventMessage(message, { nowMs: nowMs - 1 }).problems.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('reports scheduled checks only for who may', () => {
    const message = sent(aBatch({ events: [anEvent({ series }), anEvent({ series, slot })] }));
    const { batches, problems } = decodeEventMessage(message, { mayReportChecks: false });
    expect(batches.map(({ events }) => events.length)).toEqual([1]);
    expect(problems).toMatchObject([{ index: 1, message: expect.stringContaining('role agent') }]);
  });

  it.each([
    ['null', null, ''],
    ['a list', [], ''],
    ['another version', { ...sent(aBatch()), version: 2 }, '/version'],
    ['no producer', { ...sent(aBatch()), producer: '' }, '/producer'],
    ['a producer with a NUL', { ...sent(aBatch()), producer: 'a\0b' }, '/producer'],
    ['a producer with half a surrogate pair', { ...sent(aBatch()), producer: 'a\ud800' }, '/producer'],
    ['epoch 0', { ...sent(aBatch()), epoch: 0 }, '/epoch'],
    ['sequence numbers that end beyond 2^53', { ...sent(aBatch()), firstSeq: Number.MAX_SAFE_INTEGER }, '/firstSeq'],
    ['series that are no list', { ...sent(aBatch()), series: {} }, '/series'],
    ['too many events', { ...sent(aBatch()), events: new Array(5001).fill({}) }, '/events'],
  ])('is refused as a whole when it is %s', (_title, message, pointer) => {
    expect(decodeEventMessage(message)).toMatchObject({ batches: [], problems: [{ index: null, pointer }] });
  });
});
