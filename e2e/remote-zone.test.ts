import { createServer, type Server } from 'node:http';
import type { EventView } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRemoteZone } from './running-remote-zone.ts';
import { RunningServer, until } from './running-server.ts';

/** A place without database: the server dies, the zone dies, the network is away, and every check is there afterwards. */
describe('A zone without a database', { timeout: 90_000 }, () => {
  let server: RunningServer;
  let target: Server;
  let url = '';
  /** Requests that the target has had. */
  let asked = 0;
  const remotes: RunningRemoteZone[] = [];

  beforeAll(async () => {
    target = createServer((_request, response) => {
      asked += 1;
      response.end('x');
    });
    await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(target.address() as { port: number }).port}/`;
    server = await RunningServer.start();
  }, 90_000);
  afterAll(async () => {
    for (const remote of remotes) await remote.close();
    await server?.close();
    target?.closeAllConnections();
    await new Promise((done) => target.close(done));
  }, 60_000);

  async function ask<T>(place: string, body?: unknown): Promise<T> {
    const [method = '', path = ''] = place.split(' ');
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${server.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${place}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  const makeKey = (name: string) =>
    ask<{ key: { id: string }; secret: string }>('POST /api/v1/keys', { name, role: 'agent' });
  /** A zone with one monitor that is checked every second. */
  async function makeZone(zone: string): Promise<string> {
    await ask(`PUT /api/v1/zones/${zone}`, { name: zone });
    return makeMonitor(zone);
  }
  async function makeMonitor(zone: string): Promise<string> {
    const monitor = {
      ...{ name: `seen from ${zone}`, service: 'shop', environment: 'production', zones: [zone] },
      ...{ type: 'http', options: { url }, interval: '1s', timeout: '500ms' },
    };
    return (await ask<{ id: string }>('POST /api/v1/monitors', monitor)).id;
  }
  function remoteZone(zone: string, key: string): RunningRemoteZone {
    const remote = new RunningRemoteZone('--server', server.url, '--key', key, '--zones', zone);
    remotes.push(remote);
    return remote;
  }

  interface Seen {
    /** Start of the slot, seconds from the first. */
    readonly slot: number;
    readonly atMs: number;
    readonly receivedMs: number;
  }
  /** Stored checks of a monitor in the order of their slots. */
  async function checks(monitorId: string): Promise<Seen[]> {
    const { items } = await ask<{ items: EventView[] }>(`GET /api/v1/events?monitor=${monitorId}&limit=1000`);
    const rows = items
      .map(({ time, receivedAt, values }) => ({
        atMs: Date.parse(time),
        receivedMs: Date.parse(receivedAt),
        slotMs: Date.parse(time) - (values.latenessMs ?? 0),
      }))
      .sort((a, b) => a.slotMs - b.slotMs);
    return rows.map(({ slotMs, ...row }) => ({ ...row, slot: Math.round((slotMs - (rows[0]?.slotMs ?? 0)) / 1000) }));
  }
  const slotsOf = (seen: readonly Seen[]) => seen.map(({ slot }) => slot);
  const inARow = (count: number) => Array.from({ length: count }, (_, index) => index);
  const checkedAfter = (monitorId: string, atMs: number) =>
    until('a check that is newer', async () => (await checks(monitorId)).some((seen) => seen.atMs > atMs));

  it('goes on while the server is away, and afterwards every slot is stored once, the newest seen first', async () => {
    const id = await makeZone('mars');
    const remote = remoteZone('mars', (await makeKey('mars')).secret);
    await remote.start();
    expect(remote.said).toContain(`Server    ${server.url}`);
    await until('checks', async () => (await checks(id)).length >= 2);

    await server.signal('SIGKILL');
    const goneMs = Date.now();
    await until('the zone to notice', async () => remote.said.includes('goes on on its own'));
    await until('a while', async () => Date.now() - goneMs > 9000);
    await server.start();
    const backMs = Date.now();
    await checkedAfter(id, backMs);
    await until('the backlog', async () => {
      const seen = await checks(id);
      return seen.length > 9 && slotsOf(seen).at(-1) === seen.length - 1;
    });

    const seen = await checks(id);
    expect(slotsOf(seen)).toEqual(inARow(seen.length));
    const missed = seen.filter(({ atMs }) => atMs > goneMs + 2500 && atMs < backMs - 1000);
    const fresh = seen.filter(({ atMs }) => atMs > backMs);
    expect(missed.length).toBeGreaterThan(4);
    const firstOf = (some: readonly Seen[]) => Math.min(...some.map(({ receivedMs }) => receivedMs));
    expect(firstOf(fresh)).toBeLessThan(firstOf(missed));
    expect(await remote.signal('SIGTERM')).toBe(0);
    expect(remote.said).toContain('Ended.');
  });

  it('that is killed in the middle of an outage loses nothing that was written down, and goes on by itself', async () => {
    const id = await makeZone('venus');
    const remote = remoteZone('venus', (await makeKey('venus')).secret);
    await remote.start();
    await until('checks', async () => (await checks(id)).length >= 2);
    await server.signal('SIGKILL');
    const goneMs = Date.now();
    await until('some checks', async () => Date.now() - goneMs > 6000);
    await remote.signal('SIGKILL');
    const killedMs = Date.now();
    await remote.start();
    expect(remote.said).toMatch(/[1-9]\d* events wait in it/);
    const restartedMs = Date.now();
    await until('some more checks', async () => Date.now() - restartedMs > 4000);
    await server.start();
    await checkedAfter(id, Date.now());
    const beforeKill = () => checks(id).then((seen) => seen.filter(({ atMs }) => atMs < killedMs - 1000));
    await until('the backlog', async () => (await beforeKill()).some(({ atMs }) => atMs > killedMs - 2200));
    await until('the rest', async () =>
      (await checks(id)).some(({ atMs }) => atMs > restartedMs && atMs < restartedMs + 3500),
    );

    const early = await beforeKill();
    expect(slotsOf(early)).toEqual(inARow(early.length));
    const all = slotsOf(await checks(id));
    expect(new Set(all).size).toBe(all.length);
    await remote.signal('SIGTERM');
  });

  it('that is started while its server hangs is watched from within seconds, and every check is stored once', async () => {
    const id = await makeZone('eros');
    const remote = remoteZone('eros', (await makeKey('eros')).secret);
    await remote.start();
    await until('checks', async () => (await checks(id)).length >= 2);
    await remote.signal('SIGKILL');
    process.kill(server.pid, 'SIGSTOP');
    let startedMs = 0;
    try {
      await remote.start();
      startedMs = Date.now();
      const before = asked;
      await until('checks on its own', async () => asked >= before + 3, 10_000);
      expect(remote.said).toContain('goes on on its own');
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    await until('what was seen meanwhile', async () =>
      (await checks(id)).some(({ atMs }) => atMs > startedMs && atMs < startedMs + 8000),
    );
    const slots = slotsOf(await checks(id));
    expect(new Set(slots).size).toBe(slots.length);
    await remote.signal('SIGTERM');
  });

  it('is watched by one of two processes, and by the other within 15 s when that is killed', async () => {
    const id = await makeZone('pluto');
    const { secret } = await makeKey('pluto');
    const first = remoteZone('pluto', secret);
    await first.start();
    await until('checks', async () => (await checks(id)).length >= 2);
    const second = remoteZone('pluto', secret);
    await second.start();
    await first.signal('SIGKILL');
    const killedMs = Date.now();
    await until(
      'the other to take over',
      async () => (await checks(id)).some(({ atMs }) => atMs > killedMs + 1000),
      15_000,
    );
    const slots = slotsOf(await checks(id));
    expect(new Set(slots).size).toBe(slots.length);
    await second.signal('SIGTERM');
  });

  it('says what is wrong with its key, and goes on as soon as nothing is', async () => {
    await ask('PUT /api/v1/zones/ceres', { name: 'ceres' });
    const { key, secret } = await makeKey('ceres');
    const wrong = remoteZone('ceres', `${secret.slice(0, -4)}AAAA`);
    await wrong.start();
    await until('the refusal', async () => wrong.said.includes('The key is wrong'));
    await wrong.signal('SIGTERM');

    const id = await makeMonitor('ceres');
    const revoked = remoteZone('ceres', secret);
    await revoked.start();
    await until('checks', async () => (await checks(id)).length >= 2);
    await ask(`DELETE /api/v1/keys/${key.id}`);
    await until('the refusal', async () => revoked.said.includes('was revoked'));
    const refusedMs = Date.now();
    await until('some checks', async () => Date.now() - refusedMs > 3000);
    await revoked.signal('SIGTERM');
    expect(revoked.said).toContain('events wait in the buffer for the next start');

    // The same buffer under another key.
    const { secret: other } = await makeKey('ceres again');
    await revoked.start('--key', other);
    await until('what was seen meanwhile', async () =>
      (await checks(id)).some(({ atMs }) => atMs > refusedMs && atMs < refusedMs + 3000),
    );
    const slots = slotsOf(await checks(id));
    expect(new Set(slots).size).toBe(slots.length);
    await revoked.signal('SIGTERM');
  });

  it('that nobody has made is named, with those that there are, and is watched once it is made', async () => {
    const remote = remoteZone('vulcan', (await makeKey('vulcan')).secret);
    await remote.start();
    await until('the refusal', async () => remote.said.includes('There is no zone "vulcan"'));
    const id = await makeZone('vulcan');
    await until('checks', async () => (await checks(id)).length >= 1);
    await remote.signal('SIGTERM');
  });

  it('cannot have roles that need a database', async () => {
    const { secret } = await makeKey('saturn');
    const remote = remoteZone('saturn', secret);
    await expect(remote.start('--roles', 'api,scheduler')).rejects.toThrow(
      /ended with 78:.*has api, which need a database/s,
    );
  });
});
