import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { InfluxDB as InfluxV2, Point, setLogger } from '@influxdata/influxdb-client';
import type { LoggedEvent } from '@watchkeeper/model';
import { FieldType, InfluxDB as InfluxV1 } from 'influx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAll } from '../../../flow/log/test/log-contract.ts';
import { type ApiWorld, openApiWorld } from './api-world.ts';

let world: ApiWorld;
let port = 0;
let key = '';
beforeAll(async () => {
  world = await openApiWorld();
  await world.app.listen({ host: '127.0.0.1', port: 0 });
  port = (world.app.server.address() as AddressInfo).port;
  key = (await world.makeKey('ingest')).text;
});
afterAll(() => world.close());

async function eventsOf(name: string): Promise<LoggedEvent[]> {
  return (await readAll(world.eventLog)).filter(({ series }) => series.name === name);
}

describe('npm influx, unchanged', () => {
  const client = () =>
    new InfluxV1({
      ...{ host: '127.0.0.1', port, database: 'shop', username: 'shop', password: key },
      schema: [
        {
          measurement: 'orders',
          fields: { total: FieldType.FLOAT, items: FieldType.INTEGER, note: FieldType.STRING, paid: FieldType.BOOLEAN },
          tags: ['host', 'country'],
        },
      ],
    });

  it('finds somebody, makes its database and writes points', async () => {
    const influx = client();
    expect(await influx.ping(5000)).toMatchObject([{ online: true }]);
    const names = await influx.getDatabaseNames();
    expect(names).toEqual(['watchkeeper']);
    if (!names.includes('shop')) await influx.createDatabase('shop');
    const timestamp = new Date('2026-01-02T03:04:05.678Z');
    await influx.writePoints([
      {
        ...{ measurement: 'orders', tags: { host: 'web-1', country: 'a b,c=d' }, timestamp },
        fields: { total: 12.5, items: 3, note: 'said "no", \\ and\nleft', paid: true },
      },
      { measurement: 'orders', tags: { host: 'web-2' }, fields: { total: 1 } },
    ]);
    const [first, second] = await eventsOf('orders');
    expect(first).toMatchObject({
      ...{ timeUs: timestamp.getTime() * 1000, values: [3, 12.5] },
      detail: { note: 'said "no", \\ and\nleft', paid: true },
      series: { host: 'web-1', attributes: { database: 'shop', country: 'a b,c=d' }, valueNames: ['items', 'total'] },
    });
    expect(second).toMatchObject({ values: [1], series: { host: 'web-2' } });
  });

  it('is told why it may not write', async () => {
    const influx = new InfluxV1({ host: '127.0.0.1', port, database: 'shop', username: 'shop', password: 'wrong' });
    await expect(influx.writePoints([{ measurement: 'orders', fields: { total: 1 } }])).rejects.toThrow(
      'The key is wrong',
    );
  });
});

describe('npm @influxdata/influxdb-client, unchanged', () => {
  it.each([
    ['ns', '1700000000123456789', 1_700_000_000_123_456, 789],
    ['us', '1700000000123456', 1_700_000_000_123_456, 0],
    ['ms', '1700000000123', 1_700_000_000_123_000, 0],
    ['s', '1700000000', 1_700_000_000_000_000, 0],
  ] as const)('writes points in %s', async (precision, time, timeUs, timeNs) => {
    const api = new InfluxV2({ url: `http://127.0.0.1:${port}`, token: key }).getWriteApi('', 'watchkeeper', precision);
    const name = `v2_${precision}`;
    const point = new Point(name)
      .tag('host', 'web 1')
      .floatField('load', 0.5)
      .intField('size', 7)
      .uintField('big', '18446744073709551615');
    api.writePoint(point.stringField('text', 'a "b"').booleanField('up', false).timestamp(time));
    await api.close();
    expect(await eventsOf(name)).toMatchObject([
      {
        ...{ timeUs, values: [2 ** 64, 0.5, 7] },
        detail: { big: '18446744073709551615', text: 'a "b"', up: false },
        series: { host: 'web 1', valueNames: ['big', 'load', 'size'] },
      },
    ]);
    expect((await eventsOf(name))[0]?.timeNs ?? 0).toBe(timeNs);
  });

  it('sends large bodies inflated in chunks, and with user and password as to version 1', async () => {
    const api = new InfluxV2({
      ...{ url: `http://127.0.0.1:${port}`, token: `user:${key}` },
      writeOptions: { gzipThreshold: 100, batchSize: 5000 },
    }).getWriteApi('', 'watchkeeper/autogen', 'ms');
    for (let at = 0; at < 3000; at++)
      api.writePoint(new Point('v2_many').floatField('n', at).timestamp(1_700_000_000_000 + at));
    await api.close();
    const numbers = (await eventsOf('v2_many')).map(({ values }) => values[0] ?? 0);
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 3000 }, (_, at) => at));
  });

  it('is told which line was bad, and the others are stored', async () => {
    const url = `http://127.0.0.1:${port}`;
    const api = new InfluxV2({ url, token: key, writeOptions: { maxRetries: 0 } }).getWriteApi('', 'watchkeeper', 'ms');
    api.writeRecords(['v2_partly n=1', 'v2_partly n=', 'v2_partly n=2']);
    setLogger({ error: () => undefined, warn: () => undefined });
    await expect(api.close()).rejects.toThrow("unable to parse 'v2_partly n=' (line 2): missing field value");
    expect((await eventsOf('v2_partly')).map(({ values }) => values[0])).toEqual([1, 2]);
  });
});

/** Sends bytes as they are; resolves with the answer, without the headers that every answer of ours has. */
function exchange(bytes: Buffer): Promise<{ readonly status: string; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
      const [head = '', body = ''] = text.split('\r\n\r\n');
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (!text.includes('\r\n\r\n') || body.length < length) return;
      socket.destroy();
      resolve({ status: head.split('\r\n')[0] ?? '', body });
    });
    socket.on('error', reject);
  });
}

/** A request of Go's HTTP client. */
function request(place: string, headers: readonly string[], body: Buffer): Buffer {
  const length = headers.some((header) => header.startsWith('Transfer-Encoding'))
    ? []
    : [`Content-Length: ${body.length}`];
  return Buffer.concat([
    Buffer.from([`POST ${place} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...length, ...headers, '', ''].join('\r\n')),
    body,
  ]);
}

function chunked(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
}

describe('Telegraf', () => {
  const metrics = 'cpu,cpu=cpu0,host=web-1 usage_idle=98.5,usage_user=1.5 1700000000000000000\n';

  it('with outputs.influxdb makes its database and writes, as these bytes', async () => {
    const basic = `Authorization: Basic ${Buffer.from(`telegraf:${key}`).toString('base64')}`;
    const form = Buffer.from('q=CREATE+DATABASE+%22telegraf%22');
    const formHeaders = [
      'User-Agent: Telegraf/1.33.0 Go/1.23.4',
      basic,
      'Content-Type: application/x-www-form-urlencoded',
      'Accept-Encoding: gzip',
    ];
    const created = await exchange(request('/query', formHeaders, form));
    expect([created.status, JSON.parse(created.body)]).toEqual(['HTTP/1.1 200 OK', { results: [{ statement_id: 0 }] }]);
    const writeHeaders = [
      ...['User-Agent: Telegraf/1.33.0 Go/1.23.4', 'Transfer-Encoding: chunked', basic],
      ...['Content-Encoding: gzip', 'Content-Type: text/plain; charset=utf-8', 'Accept-Encoding: gzip'],
    ];
    const written = await exchange(
      request('/write?consistency=any&db=telegraf&rp=', writeHeaders, chunked(gzipSync(metrics))),
    );
    // Anything but 204 is a failure to it.
    expect(written.status).toBe('HTTP/1.1 204 No Content');
    expect(await eventsOf('cpu')).toMatchObject([
      { values: [98.5, 1.5], series: { host: 'web-1', attributes: { cpu: 'cpu0', database: 'telegraf' } } },
    ]);
  });

  it('with outputs.influxdb_v2 writes, as these bytes, and sends what it does not know the fate of again', async () => {
    const headers = [
      ...['User-Agent: Telegraf/1.33.0 Go/1.23.4', 'Transfer-Encoding: chunked', `Authorization: Token ${key}`],
      ...['Content-Encoding: gzip', 'Content-Type: text/plain; charset=utf-8', 'Accept-Encoding: gzip'],
    ];
    const body = chunked(gzipSync(metrics.replace('cpu,', 'cpu_v2,')));
    const bytes = request('/api/v2/write?bucket=telegraf&org=', headers, body);
    for (let n = 0; n < 2; n++) expect((await exchange(bytes)).status).toBe('HTTP/1.1 204 No Content');
    expect(await eventsOf('cpu_v2')).toHaveLength(1);
  });
});

describe('openstacksdk', () => {
  it('reports calls through python-influxdb, as these bytes, and each is an event', async () => {
    const line =
      'openstack_api.compute,environment=production,method=GET,name=servers_detail,status_code=200,zone=eu-de 200=1i,GET.200=1i,attempted=1i,duration=1i,status_code_val=200i\n';
    const headers = [
      ...[
        'User-Agent: python-requests/2.28.1',
        'Accept-Encoding: gzip, deflate',
        'Accept: application/x-msgpack',
        'Connection: keep-alive',
      ],
      ...[
        'Content-Type: application/octet-stream',
        `Authorization: Basic ${Buffer.from(`apimon:${key}`).toString('base64')}`,
      ],
    ];
    for (let n = 0; n < 2; n++) {
      const answer = await exchange(request('/write?db=watchkeeper', headers, Buffer.from(line)));
      expect(answer.status).toBe('HTTP/1.1 204 No Content');
    }
    const calls = await eventsOf('openstack.api');
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatchObject({
      ...{ outcome: 'ok', values: [1] },
      series: {
        ...{ environment: 'production', zone: 'eu-de', service: 'compute', valueNames: ['durationMs'] },
        attributes: { method: 'GET', operation: 'servers_detail', status: '200' },
      },
    });
  });
});

it('Nothing of all this was a mistake of ours', () => expect(world.errors).toEqual([]));
