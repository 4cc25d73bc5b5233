import { systemClock } from '@watchkeeper/kit';
import type { NewEvent } from '@watchkeeper/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logger } from '../../../processor/test/log-on-test-database.ts';
import { ListenerCounts } from './listener-counts.ts';
import { StatsdWindow } from './statsd-window.ts';

function aWindow(names = 1000) {
  const events: NewEvent[] = [];
  const counts = new ListenerCounts(
    { door: 'statsd', tenant: 'default', keyId: null, name: '' },
    { clock: systemClock, logger, refusedInputs: { note: () => undefined } },
  );
  const origin = { tenant: 'default', attributes: {} };
  const emit = (event: NewEvent) => events.push(event);
  const window = new StatsdWindow({ origin, counts, names, openstackPrefix: 'openstack.api', emit });
  return { window, events, counts };
}

const told = ({ series, values, timeUs, outcome }: NewEvent) => [series, values, timeUs, outcome];

describe('What comes between two flushes of StatsD', () => {
  it('adds up to the same however it is cut into datagrams, and whether its names are known', () => {
    const name = fc.constantFrom(
      'a',
      'b.c',
      'größe',
      'openstack.api.compute.GET.servers.200',
      'openstack.api.compute.GET.servers.failed',
    );
    const value = fc.oneof(fc.nat(1000).map(String), fc.constantFrom('1.5', '-2', '+3', '1e2', 'x', '', '0.25', '1:2'));
    const type = fc.constantFrom('c', 'ms', 'g', 's', 'h', 'd', 'x', '');
    const end = fc.constantFrom('', '', '|@0.5', '|#a:b', '|#b,a:b|@0.25', '|T1700000000', '\r', '|#__proto__:x');
    const line = fc.tuple(name, value, type, end).map(([n, v, t, e]) => `${n}:${v}|${t}${e}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 60 }), (lines) => {
        const [whole, known, single] = [aWindow(), aWindow(), aWindow()];
        // What it knows from before must not show.
        known.window.add(Buffer.from(lines.filter((text) => !/:[+-]|\|g/.test(text)).join('\n')), 1);
        known.window.flush(1, 1);
        known.events.length = 0;
        whole.window.add(Buffer.from(lines.join('\n')), 5);
        known.window.add(Buffer.from(`${lines.join('\n')}\n`), 5);
        for (const text of lines) single.window.add(Buffer.from(text), 5);
        for (const { window } of [whole, known, single]) window.flush(10, 2);
        expect(single.events.map(told)).toEqual(whole.events.map(told));
        const sorted = (events: readonly NewEvent[]) => events.map((event) => JSON.stringify(told(event))).sort();
        expect(sorted(known.events)).toEqual(sorted(whole.events));
        expect(single.counts.unreadable).toBe(whole.counts.unreadable);
        expect(single.counts.lines).toBe(whole.counts.lines);
      }),
      { numRuns: 500 },
    );
  });

  it('may be any bytes', () => {
    const piece = fc.constantFrom('a:1|c', ':', '|', '\n', '@', '#', '1', '-', '\0', '\r', 'ms', ',');
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array)),
      fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
    );
    const { window, events } = aWindow(20);
    fc.assert(
      fc.property(bytes, (datagram) => {
        window.add(datagram, 5);
        window.flush(10, 1);
      }),
      { numRuns: 3000 },
    );
    for (const { series, values } of events) {
      expect(values.length).toBe(series.valueNames.length);
      expect(JSON.stringify(series)).not.toContain('\\u0000');
    }
  });

  it('is forgotten when it goes silent, but for gauges, which signs change later', () => {
    const { window, events, counts } = aWindow(4);
    const flush = (text: string) => {
      window.add(Buffer.from(text), 5);
      window.flush(10, 1);
      return events.splice(0).map(({ series, values }) => [series.name, values[0]]);
    };
    expect(flush('room:20|g\nhits:1|c')).toEqual([
      ['room', 20],
      ['hits', 1],
    ]);
    for (let turn = 0; turn < 5; turn++) expect(flush(`new${turn}:1|c`)).toEqual([[`new${turn}`, 1]]);
    expect(flush('room:-5|g')).toEqual([['room', 15]]);
    expect(counts.refusedNames).toBe(0);
    expect(flush('a:1|c\nb:1|c\nc:1|c\nd:1|c\ne:1|c').length).toBe(3);
    expect(counts.refusedNames).toBe(2);
  });
});
