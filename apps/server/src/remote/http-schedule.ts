import type { Clock, Logger } from '@watchkeeper/kit';
import type { ScheduleSource } from '@watchkeeper/sources';
import { RemoteZone } from './remote-zone.ts';
import type { ServerLink } from './server-link.ts';
import type { ZoneMemory } from './zone-memory.ts';

export interface HttpScheduleOptions {
  readonly link: ServerLink;
  /** What is remembered of each zone. */
  readonly memories: ReadonlyMap<string, ZoneMemory>;
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Length of the lease on a zone, seconds. Default 9: a killed scheduler is replaced within 12 s. */
  readonly leaseSeconds?: number;
}

/** Longest message of a check run that the server takes. */
const messageLength = 2000;

/** The monitors of zones as a server tells them by HTTP. */
export function httpSchedule(options: HttpScheduleOptions): ScheduleSource {
  const { link, logger, memories, leaseSeconds = 9, ...common } = options;
  const listeners = new Map([
    ['monitors', new Set<() => void>()],
    ['check-runs', new Set<() => void>()],
  ]);
  const wake = (what: string) => {
    for (const listener of listeners.get(what) ?? []) listener();
  };
  const zones = new Map(
    [...memories].map(([zone, memory]) => [
      zone,
      new RemoteZone({ ...common, link, logger, zone, memory, leaseSeconds, wake }),
    ]),
  );
  const zoneOf = (name: string): RemoteZone => {
    const zone = zones.get(name);
    if (zone === undefined) throw new RangeError(`zone ${name} is not one of this process`);
    return zone;
  };
  return {
    async hold(names, signal, work) {
      await Promise.all(names.map((name) => zoneOf(name).hold(signal, (lost) => work(name, lost))));
    },
    schedule: (name) => zoneOf(name).schedule(),
    claimCheckRuns: async (names, limit) => names.flatMap((name) => zoneOf(name).takeClaimed(limit)),
    async finishCheckRun({ runId: id, zone }, { message, ...result }) {
      const body = { ...result, message: message?.slice(0, messageLength) ?? null };
      try {
        await link.call('finishCheckRun', { params: { zone, id }, body });
      } catch (error) {
        logger.warn(
          { err: error, zone },
          'what a check run saw could not be told; it is asked for again within a minute',
        );
      }
    },
    onChange(what, listener) {
      listeners.get(what)?.add(listener);
      return () => listeners.get(what)?.delete(listener);
    },
  };
}
