import { processFiguresOf, type ScheduledMonitor, WatchkeeperError } from '@watchkeeper/model';
import {
  acquireLease,
  claimCheckRuns,
  finishCheckRun,
  forgetProcess,
  noteProcess,
  readSchedule,
  releaseLease,
  type Store,
  zoneNames,
} from '@watchkeeper/store';
import type { Caller, Handlers } from '../handler.ts';
import { instantOf } from '../time-range.ts';

/** Monitors per page of a schedule. */
const pageMonitors = 1000;
/** Bytes of JSON after which a page ends, beyond the monitor that crosses it. */
const pageBytes = 4 * 1024 * 1024;

/** How far the clock of a remote machine may be ahead, milliseconds; the same for events. */
const aheadMs = 86_400_000;

/** A scheduler in a zone without access to the database: what it checks, and what it says of itself. */
export const remoteZoneHandlers = {
  async getZoneSchedule({ params, query, caller }, { store }) {
    await assertZone(store, caller, params.zone);
    const { after, limit = pageMonitors } = query;
    const found = await store.read(caller.tenantId, (tx) =>
      readSchedule(tx, [params.zone], {
        tenantId: caller.tenantId,
        limit: limit + 1,
        ...(after === undefined ? {} : { after }),
      }),
    );
    const items = fitting(found.slice(0, limit));
    return { items, next: items.length < found.length ? (items.at(-1)?.id ?? null) : null };
  },

  async claimZoneLease({ params, body, caller }, { store }) {
    await assertZone(store, caller, params.zone);
    const { holder, seconds } = body;
    const lease = await acquireLease(store.db, {
      name: leaseName(caller, params.zone),
      holder: ownName(caller, holder),
      seconds,
    });
    return { held: lease !== undefined, epoch: lease?.epoch ?? null };
  },

  async releaseZoneLease({ params, query, caller }, { store }) {
    const { holder, epoch } = query;
    await releaseLease(store.db, { name: leaseName(caller, params.zone), holder: ownName(caller, holder), epoch });
  },

  async claimCheckRuns({ params, body, caller, signal }, { store, messages, clock }) {
    await assertZone(store, caller, params.zone);
    const woken = new AbortController();
    let monitorsChanged = false;
    const wake = () => woken.abort();
    const unsubscribes = [
      messages.subscribe('check-runs', wake),
      messages.subscribe('monitors', () => {
        monitorsChanged = true;
        wake();
      }),
    ];
    try {
      const claim = () => claimCheckRuns(store.db, [params.zone], body.limit, caller.tenantId);
      let items = await claim();
      if (items.length === 0 && body.waitMs > 0) {
        await clock.pause(body.waitMs, AbortSignal.any([woken.signal, signal]));
        // What is claimed for a client that has gone would wait a minute for the next one.
        if (!signal.aborted) items = await claim();
      }
      return { items, monitorsChanged };
    } finally {
      for (const unsubscribe of unsubscribes) unsubscribe();
    }
  },

  async finishCheckRun({ params, body, caller }, { store }) {
    const { zone, id } = params;
    const isFinished = await finishCheckRun(store.db, { runId: id, zone, tenantId: caller.tenantId }, body);
    if (isFinished) return;
    throw new WatchkeeperError(
      'not_found',
      `There is no check run ${id} in zone "${zone}" that waits for an answer. Somebody else may have answered it.`,
      { details: { id, zone } },
    );
  },

  async putProcess({ params, body, caller }, { store, clock }) {
    const { startedAt, ...rest } = body;
    const row = { ...rest, startedAt: startOf(startedAt, clock.wallMs()), roles: ['scheduler'] };
    const { leases: _leases, ...figures } = processFiguresOf(rest.figures);
    await noteProcess(store.db, {
      ...row,
      id: ownName(caller, params.id),
      figures: { ...figures, isRemote: true, readers: [] },
    });
  },

  async deleteProcess({ params, caller }, { store }) {
    await forgetProcess(store.db, ownName(caller, params.id));
  },
} satisfies Partial<Handlers>;

/** When a process says that it started. @throws WatchkeeperError `validation_failed` when it cannot have */
function startOf(text: string, nowMs: number): Date {
  const startedMs = instantOf(text, nowMs);
  if (startedMs !== undefined && startedMs >= 0 && startedMs <= nowMs + aheadMs) return new Date(startedMs);
  throw new WatchkeeperError(
    'validation_failed',
    `A process cannot have started at ${text}. Give an instant from 1970 to a day from now, and set the clock of its machine.`,
    { problems: [{ pointer: '/startedAt', message: 'is not an instant from 1970 to a day from now' }] },
  );
}

/** A name that a caller gives, as nobody else can give it. */
export function ownName({ tenant, keyId, name }: Caller, given: string): string {
  return `${tenant}/${keyId ?? `session ${name}`}/${given}`;
}

/**
 * The tenant `default` shares its lease with schedulers that have a database, so a zone is watched once. Another tenant
 * has leases of its own: it must not keep others from being watched.
 */
function leaseName({ tenant }: Caller, zone: string): string {
  return tenant === 'default' ? `scheduler/${zone}` : `scheduler/${zone}/${tenant}`;
}

/** @throws WatchkeeperError `not_found` */
async function assertZone(store: Store, { tenantId }: Caller, zone: string): Promise<void> {
  const names = await store.read(tenantId, (tx) => zoneNames(tx, tenantId));
  if (names.includes(zone)) return;
  throw new WatchkeeperError(
    'not_found',
    `There is no zone "${zone}"; there are ${names.join(', ') || 'none'}. Make it with \`watchkeeper apply\` (kind: Zone), or correct --zones.`,
    { details: { zone } },
  );
}

/** As many from the beginning as one answer may hold, at least one. */
function fitting(monitors: readonly ScheduledMonitor[]): ScheduledMonitor[] {
  let bytes = 0;
  const end = monitors.findIndex((monitor) => {
    const isFull = bytes > pageBytes;
    bytes += JSON.stringify(monitor).length;
    return isFull;
  });
  return end < 0 ? [...monitors] : monitors.slice(0, end);
}
