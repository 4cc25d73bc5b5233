import type { Client } from '@watchkeeper/client';
import { type Monitor, nearestName, WatchkeeperError } from '@watchkeeper/model';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A monitor by its identifier or its name. @throws WatchkeeperError `not_found` */
export async function findMonitor(client: Client, idOrName: string): Promise<Monitor> {
  if (uuid.test(idOrName)) return client.call('getMonitor', { params: { id: idOrName } });
  const { items } = await client.call('listMonitors', {
    query: { q: idOrName.slice(0, 200), sort: 'name', limit: 1000 },
  });
  const found = items.find(({ monitor }) => monitor.name === idOrName);
  if (found !== undefined) return found.monitor;
  const all = items.length > 0 ? items : (await client.call('listMonitors', { query: { limit: 1000 } })).items;
  const names = all.map(({ monitor }) => monitor.name);
  const nearest = nearestName(idOrName, names) ?? (items.length === 1 ? names[0] : undefined);
  throw new WatchkeeperError(
    'not_found',
    `There is no monitor "${idOrName}". ${nearest === undefined ? '`watchkeeper monitor list` shows all.' : `Did you mean "${nearest}"?`}`,
  );
}
