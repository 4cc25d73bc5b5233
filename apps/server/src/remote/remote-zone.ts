import type { Versioned } from '@watchkeeper/client';
import { backoffMs, type Clock, type Logger } from '@watchkeeper/kit';
import {
  type ClaimedCheckRun,
  isWatchkeeperError,
  type ScheduledMonitor,
  type ZoneLease,
  type ZoneSchedule,
} from '@watchkeeper/model';
import type { ServerLink } from './server-link.ts';
import type { SchedulePage, ZoneMemory } from './zone-memory.ts';

export interface RemoteZoneOptions {
  readonly zone: string;
  readonly link: ServerLink;
  readonly memory: ZoneMemory;
  /** Name of this process; another one for every start. */
  readonly holder: string;
  /** Length of the lease, seconds; asked for at a third of it. */
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the monitors or the check runs may have changed. */
  readonly wake: (what: 'monitors' | 'check-runs') => void;
}

/** Check runs that one request takes, and how long it waits for one. */
const runsAtOnce = 20;
const runsWaitMs = 20_000;
/** Time after which a server that does not answer is taken for away where something is known without it, milliseconds. */
const patienceMs = 2000;
/** Longest time that the end of the process waits for the server, milliseconds. */
const lastWordMs = 2000;
/** Pause after a change of the schedule, milliseconds: many changes in a row are one. */
const afterChangeMs = 250;

/** One zone of a process without a database: who watches from it, its monitors, and the checks that people ask for. */
export class RemoteZone {
  readonly #options: RemoteZoneOptions;
  readonly #claimed: ClaimedCheckRun[] = [];
  #isAlone = false;
  /** The schedule that is being read; true when it is another one than before. */
  #reading: Promise<boolean> | undefined;

  constructor(options: RemoteZoneOptions) {
    this.#options = options;
  }

  /**
   * Works while this process is the one that watches from the zone. When the server cannot be asked, whoever held the
   * zone last goes on: check slots keep a result from counting twice should another one have taken over.
   */
  async hold(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock, leaseSeconds, memory, logger, zone } = this.#options;
    let working: { readonly stop: AbortController; readonly ended: Promise<unknown> } | undefined;
    let epoch: number | undefined;
    const begin = () => {
      const stop = new AbortController();
      working = { stop, ended: Promise.all([work(stop.signal), this.#takeCheckRuns(stop.signal)]) };
    };
    const end = async () => {
      working?.stop.abort();
      await working?.ended;
      working = undefined;
    };
    const beginAlone = () => {
      if (working !== undefined || !memory.isHeld || memory.pages.length === 0) return;
      this.#tellAlone();
      begin();
    };
    while (!signal.aborted) {
      const asking = this.#askForLease(signal);
      if (working === undefined && !(await this.#isSoon(asking))) beginAlone();
      const lease = await asking;
      if (signal.aborted) break;
      if (lease?.held) {
        epoch = lease.epoch ?? undefined;
        if (!memory.isHeld) await memory.remember({ isHeld: true });
        if (working === undefined) begin();
      } else if (lease !== undefined) {
        if (working !== undefined)
          logger.warn({ zone }, 'another scheduler watches from this zone now; this one waits');
        if (memory.isHeld) await memory.remember({ isHeld: false });
        await end();
      } else {
        beginAlone();
      }
      await clock.pause((leaseSeconds * 1000) / 3, signal);
    }
    await end();
    if (epoch !== undefined) await this.#giveBack(epoch);
  }

  /** The monitors as the server has them, or as it last said when it cannot be asked, or not soon. */
  async schedule(): Promise<readonly ScheduledMonitor[]> {
    const { memory, wake } = this.#options;
    this.#reading ??= this.#readSchedule().finally(() => {
      this.#reading = undefined;
    });
    const reading = this.#reading;
    if (memory.pages.length === 0) await reading;
    else if (!(await this.#isSoon(reading)))
      void reading.then((isNew) => {
        if (isNew) wake('monitors');
      });
    return memory.pages.flatMap(({ schedule }) => schedule.items);
  }

  /** Check runs that were taken and not given out yet. */
  takeClaimed(limit: number): ClaimedCheckRun[] {
    return this.#claimed.splice(0, limit);
  }

  /** What the server says; undefined when it cannot be asked. */
  async #askForLease(signal: AbortSignal): Promise<ZoneLease | undefined> {
    const { link, zone, holder, leaseSeconds: seconds } = this.#options;
    try {
      const lease = await link.call('claimZoneLease', { params: { zone }, body: { holder, seconds }, signal });
      this.#isAlone = false;
      return lease;
    } catch (error) {
      if (!signal.aborted) this.#tellAlone(error);
      return undefined;
    }
  }

  /** Says once that the server cannot be asked for the zone. */
  #tellAlone(error?: unknown): void {
    const { zone, memory, logger } = this.#options;
    if (this.#isAlone) return;
    this.#isAlone = true;
    const message = memory.isHeld
      ? 'the server cannot be asked who watches from this zone; this process goes on on its own'
      : 'the server cannot be asked for this zone; it is tried again';
    // The link tells of a server that is away; what is wrong with the zone is told here.
    const isOfZone = isWatchkeeperError(error, 'not_found');
    logger.warn({ zone, ...(isOfZone ? { err: error } : {}) }, message);
  }

  /** Whether it is settled before the patience ends. */
  async #isSoon(asking: Promise<unknown>): Promise<boolean> {
    const settled = new AbortController();
    const settle = () => settled.abort();
    asking.then(settle, settle);
    await this.#options.clock.pause(patienceMs, settled.signal);
    return settled.signal.aborted;
  }

  async #giveBack(epoch: number): Promise<void> {
    const { link, zone, holder, memory, logger } = this.#options;
    await memory.remember({ isHeld: false });
    try {
      const signal = AbortSignal.timeout(lastWordMs);
      await link.call('releaseZoneLease', { params: { zone }, query: { holder, epoch }, signal });
    } catch (error) {
      logger.debug({ err: error, zone }, 'the zone could not be given back; its lease runs out by itself');
    }
  }

  /** Whether the server has told something new; rejects when it could not be asked and nothing is known. */
  async #readSchedule(): Promise<boolean> {
    const { memory, logger, zone } = this.#options;
    try {
      const pages = await this.#readPages();
      const isSame = pages.length === memory.pages.length && pages.every((page, index) => page === memory.pages[index]);
      if (!isSame) await memory.remember({ pages });
      return !isSame;
    } catch (error) {
      if (memory.pages.length === 0) throw error;
      logger.debug({ err: error, zone }, 'the monitors cannot be read; the known ones go on');
      return false;
    }
  }

  /** Pages that have not changed are the same objects. */
  async #readPages(): Promise<SchedulePage[]> {
    const { link, zone, memory } = this.#options;
    const pages: SchedulePage[] = [];
    for (let after: string | null = null, isLast = false; !isLast; ) {
      const known: SchedulePage | undefined = memory.pages.find((page) => page.after === after);
      const query: { after?: string } = after === null ? {} : { after };
      const news: Versioned<ZoneSchedule> | undefined = await link.readIfChanged(
        'getZoneSchedule',
        { params: { zone }, query },
        known?.etag,
      );
      const page: SchedulePage | undefined =
        news === undefined ? known : { after, etag: news.etag ?? '', schedule: news.answer };
      if (page === undefined) break;
      pages.push(page);
      after = page.schedule.next;
      isLast = after === null;
    }
    return pages;
  }

  /** Waits at the server for checks that somebody asks for, and for changes of the schedule. */
  async #takeCheckRuns(signal: AbortSignal): Promise<void> {
    const { link, zone, clock, wake } = this.#options;
    for (let attempt = 0; !signal.aborted; ) {
      try {
        const body = { limit: runsAtOnce, waitMs: runsWaitMs };
        const { items, monitorsChanged } = await link.call('claimCheckRuns', { params: { zone }, body, signal });
        if (attempt > 0 || monitorsChanged) wake('monitors');
        attempt = 0;
        this.#claimed.push(...items);
        if (items.length > 0) wake('check-runs');
        if (monitorsChanged) await clock.pause(afterChangeMs, signal);
      } catch {
        // The link has told why.
        attempt += 1;
        await clock.pause(backoffMs(attempt, { firstMs: 500, longestMs: 10_000 }), signal);
      }
    }
  }
}
