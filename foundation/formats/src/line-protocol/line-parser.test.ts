import type { NewEvent } from '@watchkeeper/model';
import { describe, expect, it } from 'vitest';
import { LineParser, type LineReading, type ReadOptions } from './line-parser.ts';

const receivedUs = 1_767_225_600_000_000;
const context = { tenant: 'acme', attributes: {} };

function read(body: string | Buffer, over: Partial<ReadOptions> = {}, parser = new LineParser(1000)): LineReading {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const reading = parser.open(bytes, { context, precision: 'ns', receivedUs, ...over });
  while (reading.read(2));
  return reading;
}

/** The one event of a line. */
function eventOf(line: string, over: Partial<ReadOptions> = {}): NewEvent {
  const { events, badLines } = read(line, over);
  expect(badLines).toEqual([]);
  expect(events).toHaveLength(1);
  return events[0] as NewEvent;
}

describe('A line becomes an event', () => {
  it('with the measurement as its name, tags in the series, fields as values, and its own time', () => {
    const line =
      'cpu,host=web-1,environment=prod,zone=fra,service=shop,guest=vm-3,core=2 user=1.5,idle=97i 1700000000123456789';
    expect(eventOf(line)).toEqual({
      series: {
        ...{ tenant: 'acme', name: 'cpu', environment: 'prod', zone: 'fra', host: 'web-1', guest: 'vm-3' },
        ...{ service: 'shop', source: '', attributes: { core: '2' }, valueNames: ['idle', 'user'] },
      },
      ...{ timeUs: 1_700_000_000_123_456, timeNs: 789, outcome: 'ok', values: [97, 1.5] },
    });
  });

  it('at the time of receipt when it has none, which the body tells of', () => {
    expect(eventOf('cpu v=1')).toMatchObject({ timeUs: receivedUs, timeNs: 0 });
    expect(read('cpu v=1 5\ncpu v=2').isTimed).toBe(false);
    expect(read('cpu v=1 5\n\n# no line\ncpu v=2 6\n').isTimed).toBe(true);
  });

  it.each([
    ['1', 1],
    ['-1.5', -1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['-.5', -0.5],
    ['1e5', 100_000],
    ['1E+5', 100_000],
    ['12.5e-1', 1.25],
    ['00012', 12],
    ['0.1', 0.1],
    ['123456789.123456', 123456789.123456],
    ['0.000000000000000000000000000001', 1e-30],
    ['3.141592653589793238', Math.PI],
    ['99999999999999999999', 1e20],
    ['7i', 7],
    ['-7i', -7],
    ['7u', 7],
    ['9007199254740991i', Number.MAX_SAFE_INTEGER],
  ])('reads the number %s', (text, value) => {
    expect(eventOf(`cpu v=${text}`).values).toEqual([value]);
  });

  it.each([
    ['9007199254740993i', '9007199254740993'],
    ['9223372036854775807i', '9223372036854775807'],
    ['-9223372036854775808i', '-9223372036854775808'],
    ['18446744073709551615u', '18446744073709551615'],
  ])('keeps every digit of %s in the detail', (text, digits) => {
    const event = eventOf(`cpu v=${text}`);
    expect(event).toMatchObject({ values: [Number(digits)], detail: { v: digits } });
    expect(event.series.valueNames).toEqual(['v']);
  });

  it('keeps text and booleans as detail', () => {
    const event = eventOf(
      'app s="a \\"b\\" C:\\\\x, y=z",t=t,T=T,tr=true,Tr=True,TR=TRUE,f=f,F=F,fa=false,Fa=False,FA=FALSE',
    );
    expect(event).toMatchObject({ values: [], series: { valueNames: [] } });
    const [yes, no] = [true, false];
    const booleans = { t: yes, T: yes, tr: yes, Tr: yes, TR: yes, f: no, F: no, fa: no, Fa: no, FA: no };
    expect(event.detail).toEqual({ s: 'a "b" C:\\x, y=z', ...booleans });
  });

  it('may hold newlines in a text, and the next one is found behind it', () => {
    const { events, badLines } = read('log m="first\nsecond\n\nfourth" 5\nbad\nlog m="x" 6\n');
    expect(events.map(({ detail, timeNs }) => [detail?.m, timeNs])).toEqual([
      ['first\nsecond\n\nfourth', 5],
      ['x', 6],
    ]);
    expect(badLines).toEqual([{ line: 5, reason: 'missing fields', text: 'bad' }]);
  });

  it.each([
    ['cpu\\ load\\,all,a\\,b=c\\=d\\ e value\\ 1=2', 'cpu load,all', { 'a,b': 'c=d e' }, 'value 1'],
    ['c\\pu,t\\a=\\b f\\c=2', 'c\\pu', { 't\\a': '\\b' }, 'f\\c'],
    ['cpu=x,a=b\\\\,c v\\=a=2', 'cpu=x', { a: 'b\\,c' }, 'v=a'],
    ['"cpu",a="b" "v"=2', '"cpu"', { a: '"b"' }, '"v"'],
    ['größe,ort=Köln höhe=2', 'größe', { ort: 'Köln' }, 'höhe'],
    ['\\,x v=2', ',x', {}, 'v'],
  ])('reads the names of %s', (line, name, attributes, field) => {
    const { series, values } = eventOf(line);
    expect([series.name, series.attributes, series.valueNames, values]).toEqual([name, attributes, [field], [2]]);
  });

  it.each([
    ['n', '1700000000123456789', 1_700_000_000_123_456, 789],
    ['ns', '12', 0, 12],
    ['u', '1700000000123456', 1_700_000_000_123_456, 0],
    ['us', '1700000000123456', 1_700_000_000_123_456, 0],
    ['ms', '1700000000123', 1_700_000_000_123_000, 0],
    ['s', '1700000000', 1_700_000_000_000_000, 0],
    ['m', '28333333', 1_699_999_980_000_000, 0],
    ['h', '472222', 1_699_999_200_000_000, 0],
  ] as const)('reads times in %s', (precision, text, timeUs, timeNs) => {
    expect(eventOf(`cpu v=1 ${text}`, { precision })).toMatchObject({ timeUs, timeNs });
  });

  it('with blanks around its parts, either end of line, and comments and empty lines between', () => {
    const { events, badCount } = read('# a\r\n\r\n  # b\n \tcpu  v=1  5  \r\ncpu v=2\r\n\n\ncpu v="x"\r\ncpu v=3');
    expect([events.length, badCount]).toEqual([4, 0]);
    expect(events.map(({ values }) => values)).toEqual([[1], [2], [], [3]]);
  });

  it('the last of two fields with one name counts, and a field named time is left out', () => {
    expect(eventOf('cpu a=1,v=2,a=3,time=9')).toMatchObject({ values: [3, 2], series: { valueNames: ['a', 'v'] } });
    expect(eventOf('cpu v=1,v="x"')).toMatchObject({ values: [], detail: { v: 'x' } });
    expect(eventOf('cpu v="x",w=1,v=4')).toMatchObject({ values: [4, 1] });
    expect(eventOf('cpu v="x",w=1,v=4').detail).toBeUndefined();
  });

  it('equal lines stay two events, of one series', () => {
    const { events } = read('cpu,a=b v=1 5\ncpu,a=b v=1 5\n');
    expect(events).toHaveLength(2);
    expect(events[0]?.series).toBe(events[1]?.series);
  });

  it('the order of fields and the body make no other series', () => {
    const parser = new LineParser(1000);
    const bodies = ['cpu,a=b x=1,y=2,z=3', 'cpu,a=b z=3,x=1,y=2', 'cpu,a=b y=2,z=3,x=1', 'cpu,a=b x=1,y=2,z=3'];
    const events = bodies.flatMap((body) => read(body, {}, parser).events);
    expect(new Set(events.map(({ series }) => series)).size).toBe(1);
    for (const { values } of events) expect(values).toEqual([1, 2, 3]);
  });

  it('each database has series of its own', () => {
    const parser = new LineParser(1000);
    const other = { tenant: 'other', attributes: { database: 'x' } };
    const [a, b] = [context, other].map((one) => read('cpu,a=b v=1', { context: one }, parser).events[0]);
    expect([a?.series.tenant, a?.series.attributes]).toEqual(['acme', { a: 'b' }]);
    expect([b?.series.tenant, b?.series.attributes]).toEqual(['other', { database: 'x', a: 'b' }]);
  });

  it('more series than are kept are read all the same', () => {
    const parser = new LineParser(10);
    const body = Array.from({ length: 100 }, (_, at) => `cpu,core=${at} v=${at}\n`).join('');
    for (let round = 0; round < 3; round++) {
      const { events } = read(body, {}, parser);
      expect(events.map(({ series, values }) => [series.attributes.core, values[0]])).toEqual(
        Array.from({ length: 100 }, (_, at) => [String(at), at]),
      );
      expect(parser.heads.size).toBeLessThanOrEqual(10);
    }
  });
});

describe('A line that cannot be read', () => {
  it.each([
    ['cpu', 'missing fields'],
    ['cpu ', 'missing fields'],
    ['cpu\tv=1', 'missing fields'],
    [',a=b v=1', 'missing measurement'],
    ['cpu, v=1', 'missing tag key'],
    ['cpu,,a=b v=1', 'missing tag key'],
    ['cpu,a=b, v=1', 'missing tag key'],
    ['cpu,=b v=1', 'missing tag key'],
    ['cpu,a v=1', 'missing tag value'],
    ['cpu,a= v=1', 'missing tag value'],
    ['cpu,a=b=c v=1', 'invalid tag format'],
    ['cpu,a="b c" v=1', 'invalid field format'],
    ['cpu,a=b\\ v=1', 'invalid tag format'],
    ['cpu,a=1,a=2 v=1', 'duplicate tags'],
    ['cpu,time=1 v=1', 'a tag cannot be named time'],
    ['cpu,__proto__=1 v=1', 'a tag cannot be named __proto__'],
    ['cpu __proto__=1', 'a field cannot be named __proto__'],
    ['cpu time=1', 'the only field is named time, which is left out'],
    ['cpu =1', 'missing field key'],
    ['cpu v', 'invalid field format'],
    ['cpu v=', 'missing field value'],
    ['cpu v= 5', 'missing field value'],
    ['cpu v=,w=1', 'missing field value'],
    ['cpu v=1,', 'invalid field format'],
    ['cpu v=1,,w=2', 'invalid field format'],
    ['cpu a b=1', 'invalid field format'],
    ['cpu v==1', 'invalid number or boolean'],
    ['cpu v=+1', 'invalid number or boolean'],
    ['cpu v=0x10', 'invalid number or boolean'],
    ['cpu v=1_0', 'invalid number or boolean'],
    ['cpu v=1i0', 'invalid number or boolean'],
    ['cpu v=1.5i', 'invalid number'],
    ['cpu v=1e5i', 'invalid number or boolean'],
    ['cpu v=.NaN', 'invalid number'],
    ['cpu v=NaN', 'invalid number or boolean'],
    ['cpu v=inf', 'invalid number or boolean'],
    ['cpu v=-', 'invalid number'],
    ['cpu v=.', 'invalid number'],
    ['cpu v=1.1.1', 'invalid number or boolean'],
    ['cpu v=1e', 'invalid float'],
    ['cpu v=1e400', 'a float beyond 1e+290'],
    ['cpu v=9223372036854775808i', 'an integer beyond 64 bits'],
    ['cpu v=18446744073709551616u', 'an integer beyond 64 bits'],
    ['cpu v=-1u', 'an unsigned integer below zero'],
    ['cpu v=tRUE', 'invalid number or boolean'],
    ['cpu v=truei', 'invalid number or boolean'],
    ['cpu v=text', 'invalid number or boolean'],
    ['cpu v="a', 'unbalanced quotes'],
    ['cpu v="a"b', 'something stands behind a closing quote'],
    ['cpu v=1 abc', 'bad timestamp'],
    ['cpu v=1 1.5', 'bad timestamp'],
    ['cpu v=1 5 6', 'bad timestamp'],
    ['cpu v=1 +5', 'bad timestamp'],
    ['cpu v=1 -5', 'the time lies before 1970'],
    ['cpu v=1 9223372036854775807', 'the time lies more than a day in the future'],
    ['cpu v=1 99999999999999999999999', 'the time lies more than a day in the future'],
    ['cpu v=1# c', 'invalid number or boolean'],
    [`${'m'.repeat(201)} v=1`, 'a measurement of more than 200 characters'],
    [`cpu,${'k'.repeat(201)}=1 v=1`, 'a tag key of more than 200 characters'],
    [`cpu,a=${'v'.repeat(1001)} v=1`, 'the tag a has more than 1000 characters'],
    [`cpu,zone=${'v'.repeat(201)} v=1`, 'the tag zone has more than 200 characters'],
    [`cpu,${Array.from({ length: 65 }, (_, at) => `t${at}=1`).join()} v=1`, 'more than 64 tags'],
    [`cpu ${Array.from({ length: 201 }, (_, at) => `f${at}=1`).join()}`, 'more than 200 fields'],
    [`cpu ${'f'.repeat(201)}=1`, 'the name of a field has more than 200 characters'],
    [`cpu v="${'x'.repeat(65_537)}"`, 'a text of more than 65536 bytes'],
  ])('%s is told with its reason, and the lines around it are kept', (line, reason) => {
    const { events, badLines, badCount } = read(`cpu v=1 5\n\n${line}\nnext v="y",w=2 6\nlast v=3 7\n`);
    expect(badLines).toEqual([{ line: 3, reason, text: line.slice(0, 100).trimEnd() }]);
    expect(badCount).toBe(1);
    expect(events.map(({ series }) => series.name)).toEqual(['cpu', 'next', 'last']);
  });

  it.each([
    ['NUL', Buffer.from('cpu v="a\0b"')],
    ['NUL behind it', Buffer.from('cpu v=1\0')],
    ['a byte that is not UTF-8', Buffer.from('cpu,a=\xff v=1', 'latin1')],
    ['half a character', Buffer.from('cpu v="\xc3"', 'latin1')],
    ['half of a surrogate pair', Buffer.from([0x61, 0x20, 0x76, 0x3d, 0x22, 0xed, 0xa0, 0x80, 0x22])],
  ])('because of %s is the only one of its body', (_title, line) => {
    const { events, badLines } = read(Buffer.concat([Buffer.from('cpu v=1\n'), line, Buffer.from('\ncpu v=2\n')]));
    expect(badLines).toMatchObject([{ line: 2, reason: 'the line holds NUL or is not UTF-8' }]);
    expect(events.map(({ values }) => values[0])).toEqual([1, 2]);
  });

  it('ends with its newline, also where a quote was forgotten; what stands in a whole text is no line', () => {
    const open = read('a v="x\nb v="y"\nc v=1\n');
    expect(open.badLines.map(({ line }) => line)).toEqual([1]);
    expect(open.events.map(({ series }) => series.name)).toEqual(['b', 'c']);
    const forged = read('log m="said:\nadmin v=1\n",broken=x\nc v=1\n');
    expect(forged.badLines).toMatchObject([{ line: 1, reason: 'invalid number or boolean' }]);
    expect(forged.events.map(({ series }) => series.name)).toEqual(['c']);
  });

  it('is counted when there are very many, and the first thousand are told', () => {
    const { badLines, badCount } = read('bad\n'.repeat(5000));
    expect([badLines.length, badCount]).toEqual([1000, 5000]);
  });
});

describe('A call that openstacksdk reports', () => {
  const call = (tags: string, fields: string) => eventOf(`openstack_api.compute,${tags} ${fields}`);

  it('becomes one event openstack.api', () => {
    const tags = 'environment=production,method=GET,name=servers_detail,status_code=200,zone=eu-de';
    const event = call(tags, '200=1i,GET.200=1i,attempted=1i,duration=12i,status_code_val=200i');
    expect(event).toMatchObject({ outcome: 'ok', values: [12], timeUs: receivedUs });
    expect(event.series).toMatchObject({
      ...{ name: 'openstack.api', service: 'compute', environment: 'production', zone: 'eu-de' },
      attributes: { method: 'GET', operation: 'servers_detail', status: '200' },
      valueNames: ['durationMs'],
    });
    expect(event.detail).toBeUndefined();
  });

  it('failed when nobody answered, and when the answer was a failure; a 404 is an answer', () => {
    const none = call('method=GET,name=servers', 'attempted=1i,failed=1i');
    expect(none).toMatchObject({ outcome: 'failed', reason: 'no_response', values: [null] });
    const broken = call('method=GET,name=servers,status_code=503', '503=1i,attempted=1i,duration=3i');
    expect(broken).toMatchObject({ outcome: 'failed', reason: 'status', values: [3] });
    expect(call('method=GET,name=server,status_code=404', '404=1i,duration=3i').outcome).toBe('ok');
  });

  it('keeps tags and fields that somebody added', () => {
    const event = call('method=GET,name=servers,status_code=200,project=demo', 'duration=3i,retries=2i,note="x"');
    expect(event).toMatchObject({ values: [3, 2], detail: { note: 'x' } });
    expect(event.series).toMatchObject({ valueNames: ['durationMs', 'retries'], attributes: { project: 'demo' } });
  });
});
