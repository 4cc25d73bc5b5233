import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InfluxDb, startInfluxDb } from '../../../scripts/servers/influxdb.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

/** Lines that both take, or both refuse. */
const alike = [
  'm v=1',
  'm v=1 1700000000000000000',
  'm,a=b v=1',
  'm,a=b,c=d v=1,w=2',
  'm v=1.',
  'm v=.5',
  'm v=-.5',
  'm v=1e5,w=1E+5,x=1e-2',
  'm v=00012,w=-0',
  'm v=99999999999999999999',
  'm i=1i',
  'm i=-1i',
  'm i=9223372036854775807i',
  'm i=-9223372036854775808i',
  'm b=t,c=T,d=true,e=True,f=TRUE',
  'm b=f,c=F,d=false,e=False,f=FALSE',
  'm s="text"',
  'm s="a \\"b\\" \\\\ c"',
  'm s="first\nsecond"',
  'm s=""',
  'm\\ x,a\\,b=c\\=d v\\ 1=2',
  'm\\,x v=1',
  'm\\=x v=1',
  'm=x v=1',
  'm,a=b\\\\,c v=1',
  'c\\pu,t\\a=\\b f\\c=2',
  'm,a="b" v=1',
  'm "v"=1',
  'm v=1,v=2',
  'm time=1,v=2',
  'm,_field=1 v=1',
  'm  v=1  123  ',
  '  m v=1',
  '\tm v=1',
  '# m v=1',
  '   # m v=1',
  'größe,ort=Köln höhe=2',
  '',
  // Refused
  'm',
  'm ',
  'm,',
  'm\tv=1',
  ',a=b v=1',
  'm,a v=1',
  'm,a= v=1',
  'm,=b v=1',
  'm,,a=b v=1',
  'm,a=b, v=1',
  'm,a=b=c v=1',
  'm,a="b c" v=1',
  'm,a=b\\ v=1',
  'm,a=1,a=2 v=1',
  'm,time=1 v=1',
  'm time=1',
  'm =1',
  'm v=',
  'm v==1',
  'm v=1,',
  'm v=1,,w=2',
  'm a b=1',
  'm v=+1',
  'm v=0x10',
  'm v=.NaN',
  'm v=NaN',
  'm v=inf',
  'm v=-',
  'm v=1e',
  'm v=1e400',
  'm v=1i0',
  'm v=1.5i',
  'm v=1e5i',
  'm v=1_0',
  'm v=9223372036854775808i',
  'm v=tRUE',
  'm v=tr',
  'm v=truei',
  'm v="unbalanced',
  'm v=1 abc',
  'm v=1 1.5',
  'm v=1 +5',
  'm v=1 123 4',
  'm v=1 9223372036854775807',
  'm v=1# c',
];

/** Where we differ on purpose: what InfluxDB 1.x answers, and what we do. */
const different: readonly (readonly [line: string, influx: number, ours: number, why: string])[] = [
  ['m v=1\r', 400, 204, 'lines may end as on Windows'],
  ['m v=1 5\r', 400, 204, 'lines may end as on Windows'],
  ['m v=1u', 400, 204, 'unsigned integers came with version 2'],
  ['m v="a"b', 204, 400, 'what stands behind a closing quote is a mistake'],
  ['m v=1 -5', 204, 400, 'no event happened before 1970'],
  ['m v=1 4102444800000000000', 204, 400, 'no event happens more than a day from now'],
  ['m v=1e300', 204, 400, 'sums must stay within a double'],
  ['m s="\0"', 204, 400, 'text of the database holds no NUL'],
  ['m,__proto__=a v=1', 204, 400, 'no name for an attribute'],
  [`${'m'.repeat(300)} v=1`, 204, 400, 'names are bounded'],
];

describe.skipIf(process.env.WK_MISSING_PROGRAMS?.includes('influxd'))('Beside InfluxDB 1.x', () => {
  let world: ApiWorld;
  let influx: InfluxDb;
  let headers: Record<string, string> = {};
  let url = '';
  let database = 0;
  beforeAll(async () => {
    world = await openApiWorld({ requestsPerMinute: 1_000_000 });
    url = await world.app.listen({ host: '127.0.0.1', port: 0 });
    headers = { authorization: `Token ${(await world.makeKey('ingest')).text}` };
    influx = await startInfluxDb('t');
  });
  afterAll(async () => {
    await influx?.stop();
    await world?.close();
  });

  /** Statuses of both. Each line gets a database of its own, so that no types of fields stand in the way. */
  async function statuses(line: string, over: { path?: string; headers?: Record<string, string>; body?: Buffer } = {}) {
    const name = `d${++database}`;
    await influx.query(`CREATE DATABASE ${name}`);
    const path = over.path ?? `/write?db=${name}`;
    const body = (over.body ?? Buffer.from(line)) as Buffer<ArrayBuffer>;
    const ask = async (server: string, given: Record<string, string>) => {
      const response = await fetch(`${server}${path}`, {
        method: 'POST',
        headers: { ...given, ...over.headers },
        body,
      });
      await response.arrayBuffer();
      return response.status;
    };
    return [await ask(influx.url, {}), await ask(url, headers)];
  }

  it.each(alike)('is answered the same: %j', async (line) => {
    const [theirs, ours] = await statuses(line);
    expect(ours).toBe(theirs);
  });

  it.each(different)(
    'differs on purpose: %j is answered by %i there and %i here, since %s',
    async (line, theirs, ours) => {
      expect(await statuses(line)).toEqual([theirs, ours]);
    },
  );

  it.each([
    ['no database', { path: '/write' }],
    ['a precision that is unknown', { path: '/write?db=t&precision=eons' }],
    ['any type', { headers: { 'content-type': 'application/json' } }],
    ['gzip', { body: gzipSync('m v=1'), headers: { 'content-encoding': 'gzip' } }],
    ['gzip that is none', { body: Buffer.from('m v=1'), headers: { 'content-encoding': 'gzip' } }],
  ])('is answered the same with %s', async (_title, over) => {
    const [theirs, ours] = await statuses('m v=1', over);
    expect(ours).toBe(theirs);
  });

  it('is answered the same where no line is written', async () => {
    for (const [method, path] of [
      ['GET', '/ping'],
      ['HEAD', '/ping'],
      ['GET', '/write'],
      ['GET', '/query'],
      ['POST', `/query?q=${encodeURIComponent('CREATE DATABASE "x"')}`],
    ] as const) {
      const [theirs, ours] = await Promise.all([
        fetch(`${influx.url}${path}`, { method }),
        fetch(`${url}${path}`, { method, headers }),
      ]);
      expect([method, path, ours.status]).toEqual([method, path, theirs.status]);
      if (path.startsWith('/query?')) expect(await ours.json()).toEqual(await theirs.json());
    }
  });

  it('keeps the same times and values', async () => {
    const lines = Array.from(
      { length: 500 },
      (_, at) => `same,n=${at % 7} v=${at / 3},i=${at}i ${1_700_000_000_000_000_000n + BigInt(at)}`,
    );
    for (const [server, given] of [
      [influx.url, {}],
      [url, headers],
    ] as const) {
      const response = await fetch(`${server}/write?db=t`, { method: 'POST', headers: given, body: lines.join('\n') });
      expect(response.status).toBe(204);
    }
    const [[first] = []] = await influx.query<[number, number, number, number]>(
      'SELECT count(v), sum(v), sum(i) FROM same',
      't',
    );
    const { readAll } = await import('../../../flow/log/test/log-contract.ts');
    const events = (await readAll(world.eventLog)).filter(({ series }) => series.name === 'same');
    const sum = (place: number) => events.reduce((total, { values }) => total + (values[place] ?? 0), 0);
    expect([events.length, sum(0)]).toEqual([first?.[1], first?.[3]]);
    expect(Math.abs(sum(1) - Number(first?.[2]))).toBeLessThan(1e-6);
  });
});
