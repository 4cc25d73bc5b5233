import { describe, expect, it } from 'vitest';
import { type EventMapping, isMappingFor, mapEvent } from './event-mapping.ts';

const order: EventMapping = {
  when: { '/type': 'order' },
  name: { text: 'order.placed' },
  time: { from: '/at', unit: 'iso' },
  environment: { from: '/env', else: 'production' },
  service: { text: 'shop' },
  attributes: { country: { from: '/customer/country' } },
  values: { amountEur: { from: '/total' }, durationMs: { from: '/took_s', times: 1000 } },
  outcome: { from: '/state', failed: ['rejected'], else: 'ok' },
  reason: { from: '/why', else: 'unknown' },
};
const message = {
  type: 'order',
  at: '2026-11-20T10:00:00.25Z',
  customer: { country: 'SE' },
  total: '12.5',
  took_s: 0.25,
  state: 'rejected',
  why: 'card',
};

describe('A mapping of messages of others', () => {
  it('makes an event of a message', () => {
    expect(mapEvent(order, message, 0)).toEqual({
      series: {
        ...{ tenant: 'default', environment: 'production', zone: '', host: '', guest: '', service: 'shop', source: '' },
        ...{ name: 'order.placed', attributes: { country: 'SE' }, valueNames: ['amountEur', 'durationMs'] },
      },
      timeUs: Date.parse('2026-11-20T10:00:00.25Z') * 1000,
      outcome: 'failed',
      reason: 'card',
      values: [12.5, 250],
    });
  });

  it('is for the messages that it says', () => {
    expect(isMappingFor(order, message)).toBe(true);
    expect(isMappingFor(order, { type: 'refund' })).toBe(false);
    expect(isMappingFor(order, 'text')).toBe(false);
  });

  it('says what is wrong with a message that does not fit', () => {
    expect(mapEvent(order, { ...message, total: 'many' }, 0)).toBe('/total (value amountEur) is not a number');
    expect(mapEvent(order, { ...message, at: 'soon' }, 0)).toBe('/at is no instant (iso)');
    expect(mapEvent(order, { ...message, customer: {} }, 0)).toBe('there is no text at /customer/country');
  });

  it('takes a value that is not there as not measured, and the time of writing where none is mapped', () => {
    const { time: _time, ...untimed } = order;
    const event = mapEvent(untimed, { ...message, took_s: null }, 1_763_700_000_123.4);
    expect(event).toMatchObject({ values: [12.5, null], timeUs: 1_763_700_000_123_400 });
  });

  it('reads only what the message itself has', () => {
    const named: EventMapping = { ...order, attributes: { x: { from: '/constructor/name' } } };
    expect(mapEvent(named, message, 0)).toBe('there is no text at /constructor/name');
  });
});
