import type { Clock, Logger } from '@watchkeeper/kit';
import type { ClaimedCheckRun, NewEvent, Observation, ScheduledMonitor } from '@watchkeeper/model';
import { DueQueue } from './due-queue.ts';
import { type CheckSurroundings, type MonitorJob, prepareJob } from './monitor-job.ts';
import type { EventOutlet, ScheduleSource } from './schedule-source.ts';
import { SlotClock } from './slot-clock.ts';

export interface SchedulerOptions extends Omit<CheckSurroundings, 'wallMs'> {
  /** Who knows the monitors, and who may watch from a zone. */
  readonly source: ScheduleSource;
  /** Who brings events into the log; closed on drain. */
  readonly outlet: EventOutlet;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Zones that this process can watch from. */
  readonly zones: readonly string[];
  /** Checks under way at the same time. */
  readonly checksAtOnce: number;
}

export interface SchedulerStats {
  /** Zones that this process watches from now. */
  readonly zones: readonly string[];
  readonly monitors: number;
  readonly running: number;
  /** Due and waiting for a place among `checksAtOnce`. */
  readonly queued: number;
  /** Final results since the start. */
  readonly checks: number;
  /** Slots left out since the check before was still under way, or the process was late by whole intervals. */
  readonly skippedSlots: number;
  /** 99th percentile of the start's lateness over the last thousand checks, milliseconds; null before the first. */
  readonly latenessP99Ms: number | null;
  readonly waitingEvents: number;
  readonly droppedEvents: number;
  readonly lastError: string | null;
}

export interface Scheduler {
  stats(): SchedulerStats;
  /** Starts no more checks, waits for those under way, stores their events, gives the leases back. May be called twice. */
  drain(): Promise<void>;
}

/** Rows are read again in any case this often, milliseconds. */
const rereadEveryMs = 30_000;
const checkRunsEveryMs = 5000;
/** Longest wait for checks and events on drain, milliseconds. */
const drainMs = 5000;
const longestTimerMs = 60_000;
/**
 * A slot that began at most this long before a zone was taken is checked too, milliseconds: what a hand-over or a
 * take-over would leave out. If the holder before has checked it, the event is refused as already stored.
 */
const lateSlotMs = 15_000;

/** Runs the monitors of its zones in fixed-rate slots and sends what they saw to the event log. */
export function startScheduler(options: SchedulerOptions): Scheduler {
  const { source, outlet, zones } = options;
  const stop = new AbortController();
  const runner = new CheckRunner(options);
  const watching = source.hold(zones, stop.signal, (zone, signal) => new ZoneLoop(zone, options, runner).run(signal));
  const asked = runner.serveCheckRuns(stop.signal);
  let draining: Promise<void> | undefined;
  const drain = async () => {
    stop.abort();
    await Promise.all([watching, asked]);
    await runner.idle(drainMs);
    await outlet.close(drainMs);
  };
  return {
    stats: () => ({
      ...runner.stats(),
      waitingEvents: outlet.waiting,
      droppedEvents: outlet.dropped,
      lastError: outlet.lastError,
    }),
    drain() {
      draining ??= drain();
      return draining;
    },
  };
}

/** A monitor's place in the schedule. */
interface Entry {
  readonly job: MonitorJob;
  isRemoved: boolean;
  isRunning: boolean;
  /** Whether what runs is a slot of the holder before. */
  isCatchingUp: boolean;
  /** Begun while a slot of the holder before was caught up on; it comes right after that. */
  waitingSlotMs: number | undefined;
}

interface DueSlot {
  readonly entry: Entry;
  readonly slotMs: number;
  /** Whether it began before the zone was taken, so that its check may last into the next slot. */
  readonly isCaughtUp: boolean;
}

/** The schedule of one zone while this process watches from it. */
class ZoneLoop {
  readonly #zone: string;
  readonly #options: SchedulerOptions;
  readonly #runner: CheckRunner;
  readonly #slots: SlotClock;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new DueQueue<DueSlot>();
  #isRead = false;

  constructor(zone: string, options: SchedulerOptions, runner: CheckRunner) {
    this.#zone = zone;
    this.#options = options;
    this.#runner = runner;
    this.#slots = new SlotClock(options.clock);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { source, clock } = this.#options;
    let isStale = true;
    let readAtMs = Number.NEGATIVE_INFINITY;
    let isReading = false;
    let wake = new AbortController();
    const unsubscribe = source.onChange('monitors', () => {
      isStale = true;
      wake.abort();
    });
    const onAbort = () => wake.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#runner.enter(this.#zone, this.#entries);
    try {
      while (!signal.aborted) {
        wake = new AbortController();
        if (!isReading && (isStale || clock.nowMs() - readAtMs >= rereadEveryMs)) {
          [isStale, isReading, readAtMs] = [false, true, clock.nowMs()];
          // Not waited for: whoever knows the monitors may hang, and known ones are checked meanwhile.
          void this.#reread(signal).then(() => {
            isReading = false;
            wake.abort();
          });
        }
        this.#startDue();
        const untilDueMs = (this.#queue.nextDueMs ?? Number.POSITIVE_INFINITY) - this.#slots.nowMs();
        const untilRereadMs = isReading ? Number.POSITIVE_INFINITY : readAtMs + rereadEveryMs - clock.nowMs();
        await clock.pause(Math.max(1, Math.min(longestTimerMs, untilDueMs, untilRereadMs)), wake.signal);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      unsubscribe();
      for (const entry of this.#entries.values()) entry.isRemoved = true;
      this.#runner.leave(this.#zone);
    }
  }

  /** Never rejects: what cannot be read now is read again later. */
  async #reread(signal: AbortSignal): Promise<void> {
    const { source, logger } = this.#options;
    try {
      const monitors = await source.schedule(this.#zone);
      if (!signal.aborted) await this.#follow(monitors);
    } catch (error) {
      // Once the zone is given up nobody waits for them.
      if (!signal.aborted)
        logger.warn({ err: error, zone: this.#zone }, 'the monitors could not be read again; the known ones go on');
    }
  }

  /** Makes the schedule what the rows say. A changed monitor keeps its grid as long as its interval stays. */
  async #follow(monitors: readonly ScheduledMonitor[]): Promise<void> {
    const isFirst = !this.#isRead;
    this.#isRead = true;
    const present = new Set(monitors.map((monitor) => monitor.id));
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue;
      entry.isRemoved = true;
      this.#entries.delete(id);
    }
    for (const monitor of monitors) {
      const known = this.#entries.get(monitor.id);
      if (known !== undefined && known.job.monitor.version === monitor.version) continue;
      const job = await prepareJob(monitor, this.#zone, this.#runner.surroundings);
      if (known !== undefined) known.isRemoved = true;
      const entry: Entry = { job, isRemoved: false, isRunning: false, isCatchingUp: false, waitingSlotMs: undefined };
      this.#entries.set(monitor.id, entry);
      this.#schedule(entry, this.#slots.nowMs() - (isFirst ? Math.min(monitor.intervalMs, lateSlotMs) : 0), isFirst);
    }
  }

  /** Queues the first slot after a moment. */
  #schedule(entry: Entry, afterMs: number, isCaughtUp = false): void {
    const { offsetMs, monitor } = entry.job;
    const slotMs = Math.floor((afterMs - offsetMs) / monitor.intervalMs + 1) * monitor.intervalMs + offsetMs;
    this.#queue.push(slotMs, { entry, slotMs, isCaughtUp });
  }

  #startDue(): void {
    const nowMs = this.#slots.nowMs();
    for (let due = this.#queue.popDue(nowMs); due !== undefined; due = this.#queue.popDue(nowMs)) {
      const { entry, slotMs, isCaughtUp } = due.item;
      if (entry.isRemoved) continue;
      const { intervalMs } = entry.job.monitor;
      const missed = Math.floor((nowMs - slotMs) / intervalMs);
      this.#schedule(entry, Math.max(slotMs, nowMs));
      this.#runner.skippedSlots += missed;
      // The newest slot that has begun: what lies before it is gone.
      const newestMs = slotMs + missed * intervalMs;
      if (!entry.isRunning) this.#start(entry, newestMs, isCaughtUp);
      else if (entry.isCatchingUp && entry.waitingSlotMs === undefined) entry.waitingSlotMs = newestMs;
      else this.#runner.skippedSlots += 1;
    }
  }

  #start(entry: Entry, slotMs: number, isCaughtUp: boolean): void {
    entry.isRunning = true;
    entry.isCatchingUp = isCaughtUp;
    this.#runner.start(
      entry,
      slotMs,
      () => this.#slots.nowMs(),
      () => {
        const { waitingSlotMs } = entry;
        entry.isRunning = false;
        entry.waitingSlotMs = undefined;
        if (waitingSlotMs !== undefined && !entry.isRemoved) this.#start(entry, waitingSlotMs, false);
      },
    );
  }
}

/** Runs checks, a limited number at once, and turns observations into events. */
class CheckRunner {
  readonly surroundings: CheckSurroundings;
  readonly #options: SchedulerOptions;
  readonly #zones = new Map<string, ReadonlyMap<string, Entry>>();
  readonly #queued: (() => Promise<void>)[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #lateness: number[] = [];
  #checks = 0;
  skippedSlots = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { egress, monitorTypes, credential, clock } = options;
    this.surroundings = { egress, monitorTypes, credential, wallMs: () => clock.wallMs() };
  }

  enter(zone: string, entries: ReadonlyMap<string, Entry>): void {
    this.#zones.set(zone, entries);
  }

  leave(zone: string): void {
    this.#zones.delete(zone);
  }

  stats(): Omit<SchedulerStats, 'waitingEvents' | 'droppedEvents' | 'lastError'> {
    const sorted = [...this.#lateness].sort((a, b) => a - b);
    return {
      zones: [...this.#zones.keys()],
      monitors: [...this.#zones.values()].reduce((sum, entries) => sum + entries.size, 0),
      running: this.#running.size,
      queued: this.#queued.length,
      checks: this.#checks,
      skippedSlots: this.skippedSlots,
      latenessP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? null,
    };
  }

  start(entry: Entry, slotMs: number, slotNowMs: () => number, onEnd: () => void): void {
    this.#enqueue(async () => {
      if (!entry.isRemoved) await this.#checkSlot(entry.job, slotMs, slotNowMs);
      onEnd();
    });
  }

  /** Waits for the checks under way, at most `withinMs`; the rest is stopped and leaves no event. */
  async idle(withinMs: number): Promise<void> {
    this.#queued.length = 0;
    const limit = new AbortController();
    await Promise.race([Promise.all(this.#running), this.#options.clock.pause(withinMs, limit.signal)]);
    limit.abort();
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  /** Checks outside the schedule, for the zones that are held. */
  async serveCheckRuns(signal: AbortSignal): Promise<void> {
    const { source, clock, logger, checksAtOnce } = this.#options;
    let wake = new AbortController();
    const rouse = () => wake.abort();
    const unsubscribe = source.onChange('check-runs', rouse);
    signal.addEventListener('abort', rouse, { once: true });
    while (!signal.aborted) {
      wake = new AbortController();
      try {
        const zones = [...this.#zones.keys()];
        const claimed = zones.length === 0 ? [] : await source.claimCheckRuns(zones, checksAtOnce);
        for (const run of claimed) this.#enqueue(() => this.#checkOnce(run), true);
      } catch (error) {
        logger.warn({ err: error }, 'checks that somebody asked for could not be read; they are read again');
      }
      await clock.pause(checkRunsEveryMs, AbortSignal.any([wake.signal, signal]));
    }
    unsubscribe();
  }

  #enqueue(work: () => Promise<void>, isUrgent = false): void {
    if (isUrgent) this.#queued.unshift(work);
    else this.#queued.push(work);
    this.#fill();
  }

  #fill(): void {
    while (this.#running.size < this.#options.checksAtOnce) {
      const work = this.#queued.shift();
      if (work === undefined) return;
      const running = work()
        .catch((error: unknown) => this.#options.logger.error({ err: error }, 'a check stopped with an error of ours'))
        .finally(() => {
          this.#running.delete(running);
          this.#fill();
        });
      this.#running.add(running);
    }
  }

  async #checkSlot(job: MonitorJob, slotMs: number, slotNowMs: () => number): Promise<void> {
    const { clock } = this.#options;
    const { retries, intervalMs, id } = job.monitor;
    const latenessMs = slotNowMs() - slotMs;
    this.#lateness.push(latenessMs);
    if (this.#lateness.length > 1000) this.#lateness.shift();
    for (let attempt = 1; ; attempt++) {
      const wallMs = clock.wallMs();
      const observation = await job.attempt(this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      const isFinal = observation.outcome !== 'failed' || attempt > retries;
      this.#options.outlet.add({
        ...eventOf(job, isFinal ? 'monitor.checked' : 'monitor.attempted', observation, {
          wallMs,
          latenessMs,
          attempt,
        }),
        slot: { monitorId: id, zone: job.zone, slotMs, attempt },
      });
      if (isFinal) {
        this.#checks += 1;
        return;
      }
      await clock.pause(Math.min(1000, intervalMs / 20), this.#stop.signal);
    }
  }

  async #checkOnce(run: ClaimedCheckRun): Promise<void> {
    const { clock, source } = this.#options;
    const monitor = { ...run.definition, id: run.monitorId ?? run.runId, tenant: run.tenant, version: 0 };
    const job = await prepareJob(monitor, run.zone, this.surroundings);
    const wallMs = clock.wallMs();
    const observation = await job.attempt(this.#stop.signal);
    if (this.#stop.signal.aborted) return;
    const { outcome, reason = null, message = null, values, attributes, detail = null } = observation;
    await source.finishCheckRun(run, { outcome, reason, message, values, attributes, detail });
    if (run.monitorId !== null)
      this.#options.outlet.add(
        eventOf(job, 'monitor.checked', observation, { wallMs, latenessMs: 0, attempt: 1 }, { trigger: 'manual' }),
      );
  }
}

function eventOf(
  job: MonitorJob,
  name: string,
  observation: Observation,
  { wallMs, latenessMs, attempt }: { wallMs: number; latenessMs: number; attempt: number },
  extra: Readonly<Record<string, string>> = {},
): NewEvent {
  const series = job.seriesOf(name, observation, extra);
  const known: Readonly<Record<string, number | undefined>> = { ...observation.values, latenessMs, attempt };
  const message = observation.message;
  const detail = observation.detail ?? (message === undefined ? undefined : { message });
  return {
    series,
    timeUs: Math.round(wallMs * 1000),
    outcome: observation.outcome,
    ...(observation.reason === undefined ? {} : { reason: observation.reason }),
    values: series.valueNames.map((valueName) => known[valueName] ?? null),
    ...(detail === undefined ? {} : { detail }),
  };
}
