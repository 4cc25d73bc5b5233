import { type Tx, watchedZones, zoneNames } from '@watchkeeper/store';

/** Zones that a monitor may name, and from where it is watched when it names none. */
export interface MonitorZones {
  readonly zones: readonly string[];
  readonly unnamed: readonly string[];
}

/** The zone of a monitor that names none is `local` where that is watched from, otherwise the first that is. */
export async function readMonitorZones(tx: Tx, tenantId: number): Promise<MonitorZones> {
  const zones = await zoneNames(tx, tenantId);
  const watched = await watchedZones(tx);
  const now = zones.filter((zone) => watched.has(zone));
  const possible = now.length > 0 ? now : zones;
  return { zones, unnamed: [possible.includes('local') ? 'local' : (possible[0] ?? 'local')] };
}
