import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@watchkeeper/kit';
import { encodeEventMessage, type NewEvent } from '@watchkeeper/model';
import {
  compareRollups,
  type EmbeddedPostgres,
  migrationStatus,
  newestVersion,
  openStore,
  readerLags,
  type Store,
  startEmbeddedPostgres,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../foundation/model/test/makers.ts';
import { OldRelease, releaseCommits } from './old-release.ts';
import { RunningServer, until } from './running-server.ts';

const load = fileURLToPath(new URL('./upgrade-load.ts', import.meta.url));

/** Processes of a release and of this one on one database, while events come in through both. */
describe.each(Object.keys(releaseCommits))('Release %s and this one, side by side under load', (name) => {
  let release: OldRelease;
  let database: EmbeddedPostgres;
  let store: Store;
  let dataDir = '';
  const running: RunningServer[] = [];
  const senders: Sender[] = [];
  const old: RunningServer[] = [];

  beforeAll(async () => {
    release = new OldRelease(name);
    dataDir = mkdtempSync(join(tmpdir(), 'wk-upgrade-'));
    database = await startEmbeddedPostgres({ dataDir, log: () => undefined });
    store = openStore({ connection: database.connection });
  });
  afterAll(async () => {
    await Promise.all(senders.map((sender) => sender.stop()));
    for (const server of running) await server.close();
    await store?.close();
    await database?.stop();
    rmSync(dataDir, { recursive: true, force: true });
    release?.remove();
  });

  const address = () => {
    const { user, password, host, database: db } = database.connection;
    return `postgres://${user}:${password}@/${db}?host=${host}`;
  };
  const start = async (program: string | undefined, ...args: string[]) => {
    const all = [...args, '--database-url', address()];
    const server = await (program === undefined
      ? RunningServer.start(...all)
      : RunningServer.startProgram(program, ...all));
    running.push(server);
    return server;
  };
  const held = async (pattern: string) => {
    const { rows } = await sql<{ name: string; pid: number }>`
      select name, split_part(holder, '/', 2)::integer as pid from leases
      where name similar to ${pattern} and expires_at > clock_timestamp() order by name`.execute(store.db);
    return rows;
  };
  const allWork = [
    ...[0, 1, 2, 3].flatMap((partition) => [`processor/${partition}`, `health/${partition}`]),
    ...['scheduler/amsterdam', 'scheduler/frankfurt', 'scheduler/local'],
  ];
  const work = '(processor|health|scheduler)/([0-9]|[a-z])+';
  const holders = async () => new Set((await held(work)).map(({ pid }) => pid));

  it('the old ones share partitions and zones, and count what comes in', async () => {
    old.push(await start(release.program, '--demo'));
    old.push(await start(release.program, '--roles', 'scheduler,processor,health', '--zones', 'local'));
    expect((await migrationStatus(database.connection)).version).toBeLessThan(newestVersion);
    senders.push(
      new ChildSender(release.take(load), database, 'old-1'),
      new ChildSender(release.take(load), database, 'old-2'),
    );
    await until('events through the old release', async () => senders.every(({ acknowledged }) => acknowledged > 500));
    const pids = old.map(({ pid }) => pid);
    for (const pid of await holders()) expect(pids).toContain(pid);
  });

  it('new ones that start beside them bring the schema up, take nothing away, and take events in', async () => {
    const before = await held(work);
    const fresh = await start(undefined, '--demo');
    await start(undefined, '--roles', 'scheduler,processor,health');
    expect((await migrationStatus(database.connection)).version).toBe(newestVersion);
    senders.push(new ChildSender(load, database, 'new-1'), new HttpSender(fresh, 'new-2'));
    const from = senders.map(({ acknowledged }) => acknowledged);
    await until('events through both releases', async () =>
      senders.every(({ acknowledged }, index) => acknowledged > (from[index] ?? 0) + 1000),
    );
    // What an old process holds it renews until it ends; nobody gets it before.
    const after = new Map((await held(work)).map((lease) => [lease.name, lease.pid]));
    for (const { name: lease, pid } of before) expect([lease, after.get(lease)]).toEqual([lease, pid]);
  });

  it.each([0, 1])('old process %i ends in order, and the others go on with what it held', async (index) => {
    const ending = old[index] as RunningServer;
    expect(await ending.signal('SIGTERM')).toBe(0);
    const gone = old.slice(0, index + 1).map(({ pid }) => pid);
    const left = async () => {
      const leases = await held(work);
      return allWork.filter((lease) => leases.every(({ name, pid }) => name !== lease || gone.includes(pid)));
    };
    await until('its work to be taken over', async () => (await left()).length === 0).catch(async (error) => {
      throw new Error(`nobody works on ${await left()}; held is ${JSON.stringify(await held('%'))}`, { cause: error });
    });
    const from = senders.map(({ acknowledged }) => acknowledged);
    const checks = await scheduled(store);
    await until('events and checks to go on', async () => {
      const isSent = senders.every((sender, at) => sender.acknowledged > (from[at] ?? 0) + 500);
      return isSent && (await scheduled(store)) > checks + 10;
    });
  });

  it('in the end every acknowledged event is stored and counted exactly once', async () => {
    await Promise.all(senders.map((sender) => sender.stop()));
    await Promise.all(
      running
        .filter((server) => !old.includes(server))
        .map((server) => server.signal('SIGTERM').then((code) => expect(code).toBe(0))),
    );
    for (const { producer, acknowledged, sent } of senders) {
      const { rows } = await sql<{ stored: number; different: number; last: number }>`
        select count(*) as stored, count(distinct (e.epoch, e.seq)) as different, max(e.seq) as last
        from events e join producers p on p.id = e.producer_id where p.name = ${producer} or p.name like ${`%/${producer}`}`.execute(
        store.db,
      );
      const [row] = rows;
      // Every number up to the last one, each once.
      expect([producer, row?.stored, row?.different]).toEqual([producer, row?.last, row?.last]);
      expect(row?.last).toBeGreaterThanOrEqual(acknowledged);
      expect(row?.last).toBeLessThanOrEqual(sent);
    }
    // What was not yet read when the last process ended is read by the next one.
    const last = await start(undefined, '--roles', 'processor,health');
    await until('the last process to read to the end', async () =>
      (await readerLags(store.db)).every(({ lag }) => lag === 0),
    );
    await last.signal('SIGTERM');
    const { compared, differences } = await compareRollups(store.db);
    expect(compared).toBeGreaterThan(0);
    expect(differences).toEqual([]);
    for (const { said } of running) expect(said).not.toMatch(/\b(ERROR|FATAL)\b/);
  });
});

/** A producer that keeps a ledger of what the log has acknowledged. */
interface Sender {
  readonly producer: string;
  /** Last sequence number that was acknowledged. */
  readonly acknowledged: number;
  /** Last sequence number that was ever sent, or a bound above it. */
  readonly sent: number;
  stop(): Promise<void>;
}

/** Appends with the packages of the release that the program lies in. */
class ChildSender implements Sender {
  readonly producer: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  acknowledged = 0;

  constructor(program: string, { connection }: EmbeddedPostgres, producer: string) {
    this.producer = producer;
    this.#child = spawn(process.execPath, [program, JSON.stringify(connection), producer, '500'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface({ input: this.#child.stdout as Readable }).on('line', (line) => {
      this.acknowledged = Number(line);
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  get sent(): number {
    return this.acknowledged;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    expect([this.producer, await this.#ended]).toEqual([this.producer, 0]);
  }
}

/** Sends messages to the API of a process. */
class HttpSender implements Sender {
  readonly producer: string;
  readonly #ending = new AbortController();
  readonly #work: Promise<void>;
  acknowledged = 0;
  sent = 0;

  constructor(server: RunningServer, producer: string) {
    this.producer = producer;
    this.#work = this.#send(server);
  }

  /** 500 events a second: more requests than a key may make would be refused. */
  async #send({ url, key }: RunningServer): Promise<void> {
    const batch = 50;
    for (; !this.#ending.signal.aborted; await systemClock.pause(100, this.#ending.signal)) {
      const events = Array.from(
        { length: batch },
        (_, index): NewEvent =>
          anEvent({ series: aSeries({ service: 'load' }), timeUs: Date.now() * 1000 + index, values: [index] }),
      );
      this.sent = this.acknowledged + batch;
      const message = encodeEventMessage({
        producer: this.producer,
        epoch: 1,
        firstSeq: this.acknowledged + 1,
        events,
      });
      const answer = await fetch(`${url}/api/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(message),
      });
      // 503 asks for a repetition; the same numbers are sent again.
      if (answer.status === 200) this.acknowledged += batch;
      else if (answer.status !== 503) throw new Error(`events were refused: ${answer.status} ${await answer.text()}`);
    }
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#work;
  }
}

/** Results of scheduled checks that the log has. */
async function scheduled(store: Store): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) as count from check_slots`.execute(store.db);
  return rows[0]?.count ?? 0;
}
