import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOpenStackReport } from './openstack-report.ts';
import { readStatsdLine, readStatsdTags, type StatsdSample } from './read.ts';
import { writeStatsd } from './write.ts';

function read(line: string): { readonly samples: StatsdSample[]; readonly problem: string | undefined } {
  const samples: StatsdSample[] = [];
  const problem = readStatsdLine(line, (sample) => samples.push(sample));
  return { samples, problem };
}

const whole = { member: '', isChange: false, sampleRate: 1, tags: '', atSeconds: undefined };

describe('A line of StatsD', () => {
  it.each<readonly [string, Partial<StatsdSample>]>([
    ['hits:1|c', { name: 'hits', type: 'counter', value: 1 }],
    ['hits:-3|c', { value: -3 }],
    ['hits:+3|c', { value: 3, isChange: false }],
    ['hits:1.5|c', { value: 1.5 }],
    ['hits:.5|c', { value: 0.5 }],
    ['hits:5.|c', { value: 5 }],
    ['hits:1e3|c', { value: 1000 }],
    ['hits:1E-2|c', { value: 0.01 }],
    ['hits:1|c|@0.1', { value: 1, sampleRate: 0.1 }],
    ['hits:1|c|@1', { sampleRate: 1 }],
    ['hits:1|c|@1e-3', { sampleRate: 0.001 }],
    ['hits:1|m', { type: 'counter' }],
    ['load.time:320|ms', { name: 'load.time', type: 'timer', value: 320 }],
    ['load.time:1.000000|ms', { type: 'timer', value: 1 }],
    ['load.time:320|ms|@0.5', { type: 'timer', value: 320, sampleRate: 0.5 }],
    ['load.time:0|ms', { type: 'timer', value: 0 }],
    ['room:21.5|g', { type: 'gauge', value: 21.5, isChange: false }],
    ['room:+4|g', { type: 'gauge', value: 4, isChange: true }],
    ['room:-4|g', { type: 'gauge', value: -4, isChange: true }],
    ['room:0|g', { type: 'gauge', value: 0, isChange: false }],
    ['users:765|s', { type: 'set', member: '765', value: 0 }],
    ['users:anna maria|s', { type: 'set', member: 'anna maria' }],
    ['size:17|h', { type: 'histogram', value: 17 }],
    ['size:-17|h', { type: 'histogram', value: -17 }],
    ['size:17|d', { type: 'distribution', value: 17 }],
    ['size:17|d|@0.25|#a:b', { type: 'distribution', sampleRate: 0.25, tags: 'a:b' }],
    ['hits:1|c|#env:prod,urgent', { tags: 'env:prod,urgent' }],
    ['hits:1|c|#url:http://a/b', { tags: 'url:http://a/b' }],
    ['hits:1|c|#', { tags: '' }],
    ['hits:1|c|#env:prod|@0.5', { sampleRate: 0.5, tags: 'env:prod' }],
    ['hits:1|c|#env:prod|c:83c0a99c', { tags: 'env:prod' }],
    ['hits:1|c|c:83c0a99c', { type: 'counter', value: 1 }],
    ['hits:1|c|@0.5|c:83c0a99c|#a:b', { sampleRate: 0.5, tags: 'a:b' }],
    ['hits:1|c|e:it-false,cn-x|card:low', { type: 'counter' }],
    ['hits:1|c|T1656581400', { atSeconds: 1_656_581_400 }],
    ['room:1|g|#a:b|T1656581400', { atSeconds: 1_656_581_400, tags: 'a:b' }],
    ['hits: 7 | c ', { value: 7 }],
    [' spaced name :1|c', { name: 'spaced name' }],
    ['größe:1|c', { name: 'größe' }],
    ['a/b@c%d:1|c', { name: 'a/b@c%d' }],
    ['openstack.api.compute.GET.servers.200:1|c', { name: 'openstack.api.compute.GET.servers.200' }],
  ])('%s is understood', (line, sample) => {
    const { samples, problem } = read(line);
    expect(problem).toBeUndefined();
    expect(samples).toEqual([expect.objectContaining(sample)]);
  });

  it.each([
    ['a:1|c:2|c', [1, 2]],
    ['a:1|c|@0.5:2|c', [1, 2]],
    ['a:1:2:3|ms', [1, 2, 3]],
    ['a:1:2:3|d|#x:y,z:1', [1, 2, 3]],
    ['a:1|c|c:83c0:2|c', [1, 2]],
  ] as const)('%s holds several values', (line, values) => {
    const { samples, problem } = read(line);
    expect(problem).toBeUndefined();
    expect(samples.map(({ value }) => value)).toEqual(values);
  });

  it('gives each value of a line its own type and rate, and all the tags', () => {
    expect(read('a:1|c|@0.5:7|ms|#x:y').samples).toEqual([
      { ...whole, name: 'a', type: 'counter', value: 1, sampleRate: 0.5, tags: 'x:y' },
      { ...whole, name: 'a', type: 'timer', value: 7, tags: 'x:y' },
    ]);
  });

  it.each([
    ['', 'there is no colon behind a name'],
    ['hits', 'there is no colon behind a name'],
    ['hits|c', 'there is no colon behind a name'],
    ['hits|c:1', 'there is no colon behind a name'],
    [':1|c', 'the name is empty'],
    ['  :1|c', 'the name is empty'],
    [`${'x'.repeat(201)}:1|c`, 'the name has more than 200 characters'],
    ['hits:', 'there is no type behind ""'],
    ['hits:1', 'there is no type behind "1"'],
    ['hits:1|', '"" is no type; there are c, m, ms, g, s, h, d'],
    ['hits:1|x', '"x" is no type; there are c, m, ms, g, s, h, d'],
    ['hits:1|constructor', '"constructor" is no type; there are c, m, ms, g, s, h, d'],
    ['hits:|c', '"" is no number'],
    ['hits:one|c', '"one" is no number'],
    ['hits:0x10|c', '"0x10" is no number'],
    ['hits:Infinity|c', '"Infinity" is no number'],
    ['hits:NaN|g', '"NaN" is no number'],
    ['hits:1e999|c', '"1e999" is no number'],
    ['hits:1e300|c', '"1e300" is no number'],
    ['hits:1e289|c|@0.001', '"1e289" is no number'],
    ['hits:--1|g', '"--1" is no number'],
    ['hits:1 2|c', '"1 2" is no number'],
    ['time:-1|ms', 'a time cannot be negative, "-1" is'],
    ['hits:1|c|@0', '"@0" is no rate above 0 and up to 1'],
    ['hits:1|c|@2', '"@2" is no rate above 0 and up to 1'],
    ['hits:1|c|@-0.5', '"@-0.5" is no rate above 0 and up to 1'],
    ['hits:1|c|@', '"@" is no rate above 0 and up to 1'],
    ['hits:1|c|@often', '"@often" is no rate above 0 and up to 1'],
    ['hits:1|c|0.5', '"0.5" is no field of a line'],
    ['hits:1|c|#a:b|wrong', '"wrong" is no field of a line'],
    ['size:1|h|T1656581400', 'only counters and gauges have a time, not a histogram'],
    ['users:|s', 'a set has no member'],
    [`users:${'x'.repeat(201)}|s`, 'a member of a set has more than 200 characters'],
    ['_e{5,4}:title|text', 'events of DogStatsD are not taken'],
    ['_sc|db|0|m:text', 'service checks of DogStatsD are not taken'],
  ])('%s is refused', (line, reason) => {
    expect(read(line)).toEqual({ samples: [], problem: reason });
  });

  it('keeps its good values where one is bad', () => {
    const { samples, problem } = read('a:1|c:two|c:3|c');
    expect(samples.map(({ value }) => value)).toEqual([1, 3]);
    expect(problem).toBe('"two" is no number');
  });

  it('that the sink writes is read as what was written', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 });
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z._-]{0,30}$/), number, (name, value) => {
        const lines = writeStatsd({ name, value, type: 'g', tags: { env: 'prod' } });
        let gauge = 0;
        for (const line of lines) {
          const { samples, problem } = read(line);
          expect(problem).toBeUndefined();
          for (const sample of samples) gauge = sample.isChange ? gauge + sample.value : sample.value;
        }
        expect(gauge).toBeCloseTo(value, 10);
      }),
    );
  });

  it('never throws, and says of every line what became of it', () => {
    const part = fc.constantFrom(
      ':',
      '|',
      '@',
      '#',
      ',',
      '\0',
      'c',
      'ms',
      'g',
      '1',
      '-',
      'e',
      '.',
      'T',
      '_e{',
      '\u{1f600}',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (line) => {
        const { samples, problem } = read(line);
        expect(samples.length > 0 || problem !== undefined).toBe(true);
        for (const { value, name, tags } of samples) {
          expect(Number.isFinite(value) && name !== '').toBe(true);
          readStatsdTags(tags);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Tags of DogStatsD', () => {
  it('are names with values; a word is true, and all values of one name are kept', () => {
    const tags = readStatsdTags('env:prod,urgent, zone : fra ,url:http://a:80/b,,role:web,role:db,role:web,empty:');
    expect(Object.fromEntries(tags as ReadonlyMap<string, string>)).toEqual({
      ...{ env: 'prod', urgent: 'true', zone: 'fra', url: 'http://a:80/b', role: 'web,db' },
    });
  });

  it.each([
    [':value', 'the tag ":value" has no name'],
    ['__proto__:x', 'a tag cannot be named __proto__'],
    [`a:${'x'.repeat(1001)}`, 'the tag a has more than 1000 characters'],
    [Array.from({ length: 65 }, (_, index) => `t${index}:1`).join(), 'more than 64 tags'],
  ])('%s are refused', (text, reason) => {
    expect(readStatsdTags(text)).toBe(reason);
  });
});

describe('A name that openstacksdk reports', () => {
  const prefix = 'openstack.api';

  it.each([
    ['openstack.api.compute.GET.servers_detail.200', '', '', 'compute', 'GET', 'servers_detail', '200'],
    ['openstack.api.prod.compute.GET.servers.404', 'prod', '', 'compute', 'GET', 'servers', '404'],
    [
      'openstack.api.prod.eu-de.block-storage.POST.volumes.503',
      'prod',
      'eu-de',
      'block-storage',
      'POST',
      'volumes',
      '503',
    ],
    ['openstack.api.compute.GET.v2.1_servers.200', '', '', 'compute', 'GET', 'v2.1_servers', '200'],
    ['openstack.api.identity.GET.200', '', '', 'identity', 'GET', '', '200'],
  ])('%s is a call', (name, environment, zone, service, method, operation, status) => {
    expect(readOpenStackReport(name, 'timer', prefix)).toEqual({
      ...{ environment, zone, call: { service, method, name: operation, status } },
    });
  });

  it('stands for a call that nobody answered', () => {
    expect(readOpenStackReport('openstack.api.compute.GET.servers.failed', 'counter', prefix)).toMatchObject({
      call: { service: 'compute', name: 'servers', status: '' },
    });
  });

  it.each(['200', 'attempted', 'over_1000'])('is counted already as the counter %s', (end) => {
    expect(readOpenStackReport(`openstack.api.compute.GET.servers.${end}`, 'counter', prefix)).toBe('counted');
  });

  it.each([
    ['openstack.api.compute.GET.servers.200', 'gauge'],
    ['openstack.api.compute.servers.200', 'timer'],
    ['openstack.api.a.b.c.d.GET.servers.200', 'timer'],
    ['openstack.apis.compute.GET.servers.200', 'timer'],
    ['openstack.api.compute.GET.servers.slow', 'timer'],
    ['openstack.api.compute.GET', 'timer'],
  ] as const)('%s (%s) is a metric like others', (name, type) => {
    expect(readOpenStackReport(name, type, prefix)).toBeUndefined();
  });
});
