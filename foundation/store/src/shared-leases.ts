import type { Clock, Logger } from '@watchkeeper/kit';
import { sql } from 'kysely';
import { acquireLease, type Lease, releaseLease, renewLeases } from './leases.ts';
import { type Sharer, shareOut } from './share-out.ts';
import { endStandingWriters } from './standing-writers.ts';
import { asStoreError, type Db, type Store } from './store.ts';

export interface ShareLeasesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is shared: `processor`, `scheduler`. Leases are named `kind/name`. */
  readonly kind: string;
  /** Everything that there is to hold, as far as this process can work on it; asked at every look. */
  readonly names: () => readonly string[];
  /** Identity of this process; another one for every start. */
  readonly holder: string;
  /**
   * Length of a lease; renewed at a third of it. What a killed process held is taken over after at most this long and
   * a third.
   */
  readonly seconds: number;
  /**
   * Work goes on beyond its lease while the database does not answer, and stops only when it says that another one has
   * taken over. For work that does no harm when two do it at the same time. Default false.
   */
  readonly goesOnAlone?: boolean;
  /** Ends the sharing; everything is given back. */
  readonly signal: AbortSignal;
  /** Works on one thing while its lease is held. Its signal is aborted when that ends; then it must finish and return. */
  readonly work: (name: string, signal: AbortSignal) => Promise<void>;
}

interface Held {
  lease: Lease;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
  renewedAtMs: number;
  isLost: boolean;
  /** It ran out by the clock of this process, and its work goes on. */
  isAlone: boolean;
  /** Set once it is being given back. */
  givenBack?: Promise<void>;
}

/**
 * Shares leases among all processes that do the same: each says that it is there (a lease of its own under
 * `kind/member/`), reads who else is, works on its share and gives back what is somebody else's. Resolves when the
 * signal ended it and everything is given back.
 */
export async function shareLeases(options: ShareLeasesOptions): Promise<void> {
  const { clock, logger, kind, seconds, signal } = options;
  const held = new Map<string, Held>();
  const pauseMs = (seconds * 1000) / 3;
  while (!signal.aborted) {
    const answered = new AbortController();
    const taking = takePart(options, held)
      .catch((error: unknown) => {
        logger.warn({ err: asStoreError(error), kind }, 'leases could not be shared out; it is tried again');
      })
      .finally(() => answered.abort());
    // A database behind a cut network does not even refuse.
    while (!answered.signal.aborted) {
      await clock.pause(pauseMs, answered.signal);
      noticeExpired(options, held);
    }
    await taking;
    await clock.pause(pauseMs, signal);
  }
  await Promise.all([...held].map(([name, one]) => giveBack(options, held, name, one)));
  await leave(options);
}

async function takePart(options: ShareLeasesOptions, held: Map<string, Held>): Promise<void> {
  const { store, logger, kind, holder, seconds } = options;
  const names = options.names();
  await noteMember(store.db, { kind, holder, names, seconds });
  await renew(options, held);
  const ended = await endStandingWriters(store.db);
  if (ended > 0)
    logger.warn(
      { ended },
      'processes that stood still in the middle of a write kept others waiting; their connections were ended',
    );

  const { holders, members } = await readShares(store.db, kind);
  const things = names.map((name) => ({ name, holder: holders.get(name) }));
  // Things that only others can work on count too: they are part of others' load.
  for (const [name, holding] of holders) if (!names.includes(name)) things.push({ name, holder: holding });
  const plan = shareOut(things, members);

  // Not waited for: finishing one thing must not keep the leases of the others from being renewed.
  for (const [name, one] of held) if (plan.get(name) !== holder) void giveBack(options, held, name, one);
  for (const name of names) {
    if (plan.get(name) !== holder || held.has(name) || holders.get(name) !== undefined) continue;
    const lease = await acquireLease(store.db, { name: `${kind}/${name}`, holder, seconds });
    if (lease !== undefined) begin(options, held, name, lease);
  }
}

function begin(options: ShareLeasesOptions, held: Map<string, Held>, name: string, lease: Lease): void {
  const { clock, logger, work } = options;
  const stop = new AbortController();
  const ended = work(name, stop.signal).catch((error: unknown) => {
    logger.error({ err: error, lease: lease.name }, 'work under a lease failed; it is begun again');
  });
  const one: Held = { lease, stop, ended, renewedAtMs: clock.nowMs(), isLost: false, isAlone: false };
  held.set(name, one);
  // Work that ends by itself (another process took over) gives its lease back too.
  void ended.then(() => giveBack(options, held, name, one));
}

async function renew(options: ShareLeasesOptions, held: ReadonlyMap<string, Held>): Promise<void> {
  const { store, clock, logger, seconds, goesOnAlone = false } = options;
  // What is being given back too: it may have something to finish.
  const running = [...held.values()].filter((one) => !one.isLost);
  const renewed = await renewLeases(
    store.db,
    running.map((one) => one.lease),
    seconds,
  );
  for (const one of running) {
    const { name } = one.lease;
    if (renewed.has(name) || (goesOnAlone && (await takeAgain(options, one)))) {
      one.renewedAtMs = clock.nowMs();
      one.isAlone = false;
    } else {
      logger.warn({ lease: name }, 'a lease was lost; its work stops here');
      one.isLost = true;
      one.stop.abort();
    }
  }
}

/** Takes a lease again that ran out while the database did not answer, so that its work need not stop; false when another has it. */
async function takeAgain({ store, seconds }: ShareLeasesOptions, one: Held): Promise<boolean> {
  if (one.stop.signal.aborted) return false;
  const { name, holder } = one.lease;
  const lease = await acquireLease(store.db, { name, holder, seconds });
  one.lease = lease ?? one.lease;
  return lease !== undefined;
}

/** What a process that cannot reach the database does when its leases have run out: it stops by itself, or goes on alone. */
function noticeExpired(
  { clock, logger, seconds, goesOnAlone = false }: ShareLeasesOptions,
  held: ReadonlyMap<string, Held>,
): void {
  for (const one of held.values()) {
    if (one.stop.signal.aborted || one.isAlone || clock.nowMs() - one.renewedAtMs <= seconds * 1000) continue;
    const lease = one.lease.name;
    if (goesOnAlone) {
      one.isAlone = true;
      logger.warn({ lease }, 'a lease ran out since the database does not answer; its work goes on until it does');
    } else {
      logger.warn({ lease }, 'a lease ran out since it could not be renewed; its work stops here');
      one.stop.abort();
    }
  }
}

/** Ends the work and gives the lease back, so that the next holder need not wait. */
function giveBack(
  { store, logger }: ShareLeasesOptions,
  held: Map<string, Held>,
  name: string,
  one: Held,
): Promise<void> {
  one.givenBack ??= (async () => {
    one.stop.abort();
    await one.ended;
    await releaseLease(store.db, one.lease).catch((error: unknown) => {
      const err = asStoreError(error);
      logger.warn({ err, lease: one.lease.name }, 'a lease could not be given back; it runs out by itself');
    });
    held.delete(name);
  })();
  return one.givenBack;
}

const memberName = (kind: string, holder: string) => `${kind}/member/${holder}`;

async function noteMember(
  db: Db,
  { kind, holder, names, seconds }: { kind: string; holder: string; names: readonly string[]; seconds: number },
): Promise<void> {
  await sql`
    insert into leases (name, holder, serves, expires_at)
    values (${memberName(kind, holder)}, ${holder}, ${names}::text[], clock_timestamp() + ${seconds} * interval '1 second')
    on conflict (name) do update set expires_at = excluded.expires_at, serves = excluded.serves`.execute(db);
}

async function leave({ store, kind, holder, logger }: ShareLeasesOptions): Promise<void> {
  await sql`delete from leases where name = ${memberName(kind, holder)}`.execute(store.db).catch((error: unknown) => {
    logger.warn(
      { err: asStoreError(error), kind },
      'this process could not say that it leaves; others notice by themselves',
    );
  });
}

/** Who is there, and who holds what; by the clock of the database. */
async function readShares(
  db: Db,
  kind: string,
): Promise<{ readonly holders: ReadonlyMap<string, string>; readonly members: readonly Sharer[] }> {
  const prefix = `${kind}/`;
  const { rows } = await sql<{ name: string; holder: string; serves: string[] | null }>`
    select name, holder, serves from leases
    where starts_with(name, ${prefix}) and expires_at > clock_timestamp()`.execute(db);
  const holders = new Map<string, string>();
  const members: Sharer[] = [];
  for (const { name, holder, serves } of rows) {
    if (serves !== null) members.push({ holder, serves: new Set(serves) });
    else holders.set(name.slice(prefix.length), holder);
  }
  return { holders, members };
}
