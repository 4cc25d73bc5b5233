import { describe, expect, it } from 'vitest';
import {
  absoluteSearch,
  ignoredKeys,
  parseSearch,
  rangeOf,
  readExploreSearch,
  readMonitorSearch,
  readMonitorsSearch,
  searchText,
  shiftSearch,
  zoomSearch,
} from './search.ts';

const nowMs = Date.parse('2026-03-04T10:00:00Z');

describe('what stands in the address', () => {
  it('keeps what is right and leaves out what is not', () => {
    const raw = {
      env: 'production',
      q: 'shop',
      state: 'failed',
      sort: 'sideways',
      tag: '',
      color: 'red',
      from: 'now-2h',
    };
    expect(readMonitorsSearch(raw)).toEqual({ env: 'production', q: 'shop', state: 'failed', from: 'now-2h' });
    expect(readMonitorSearch({ phase: 'connectMs', outcome: 'never', env: 'Not A Name' })).toEqual({
      phase: 'connectMs',
    });
  });
  it('comes back the same from a round trip', () => {
    const search = {
      env: 'production',
      q: 'a b',
      state: 'ok',
      from: '2026-03-04T08:00:00.000Z',
      to: '2026-03-04T09:00:00.000Z',
    };
    expect(readMonitorsSearch(parseSearch(searchText(search)))).toEqual(search);
    const pinned = { phase: 'connectMs', sel: 'zone.a-1~1763709742123' };
    expect(searchText(pinned)).toBe('?phase=connectMs&sel=zone.a-1~1763709742123');
    expect(readMonitorSearch(parseSearch(searchText(pinned)))).toEqual(pinned);
  });
  it('keeps a question and a selection of Explore', () => {
    const search = {
      ...{ metric: 'disk read', where: 'host=a|b;ms>=2', split: 'host', hl: 'a', as: 'dots', scale: 'linear' },
      ...{ x0: '2026-03-04T08:00:00.000Z', x1: '2026-03-04T09:00:00.000Z', y0: '0.5', y1: '20', lane: 'a' },
    };
    expect(readExploreSearch(parseSearch(searchText(search)))).toEqual(search);
    expect(readExploreSearch({ as: 'heat', x0: 'now-1h', y0: 'much', where: '' })).toEqual({});
    expect(ignoredKeys('/explore', { as: 'pie', metric: 'm' })).toEqual(['as']);
  });
  it('takes what looks like a number or a truth as the text it is', () => {
    expect(readMonitorsSearch(parseSearch('?q=true&env=7&service=null'))).toEqual({
      q: 'true',
      env: '7',
      service: 'null',
    });
  });
  it('leaves out what goes without saying', () => {
    expect(readMonitorsSearch({ from: 'now-1h' })).toEqual({});
    expect(searchText({ q: undefined, env: '' })).toBe('');
  });
  it('names what it ignores', () => {
    expect(ignoredKeys('/monitors', { state: 'bogus', color: 'red', env: 'staging', from: 'now-1h' })).toEqual([
      'state',
      'color',
    ]);
    expect(ignoredKeys('/', { state: 'failed', phase: 'tlsMs' })).toEqual(['phase']);
    expect(ignoredKeys('/monitors/5f1c', { phase: 'tlsMs' })).toEqual([]);
    expect(ignoredKeys('/monitors/new', { phase: 'tlsMs' })).toEqual(['phase']);
  });
  it('refuses times that are none', () => {
    expect(readMonitorsSearch({ from: 'yesterday', to: '2026-99-99T00:00:00Z' })).toEqual({});
  });
});

describe('the range of time', () => {
  it('is the last hour unless said otherwise, and moves with the clock', () => {
    expect(rangeOf({}, nowMs)).toEqual({ fromMs: nowMs - 3_600_000, toMs: nowMs, isLive: true });
  });
  it('becomes fixed in a link', () => {
    expect(absoluteSearch({ from: 'now-2h' }, nowMs)).toEqual({
      from: '2026-03-04T08:00:00.000Z',
      to: '2026-03-04T10:00:00.000Z',
    });
  });
  it('moves back by half its length, and forward to now again', () => {
    const back = shiftSearch({}, -0.5, nowMs);
    expect(back).toEqual({ from: '2026-03-04T08:30:00.000Z', to: '2026-03-04T09:30:00.000Z' });
    expect(shiftSearch(back, 0.5, nowMs)).toEqual({});
  });
  it('grows and shrinks around its end', () => {
    expect(zoomSearch({}, 0.5, nowMs)).toEqual({ from: 'now-30m' });
    expect(zoomSearch({ from: 'now-1m' }, 0.5, nowMs)).toEqual({ from: 'now-1m' });
  });
});
