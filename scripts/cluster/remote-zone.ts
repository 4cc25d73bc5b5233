import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalAccess } from '@watchkeeper/client/local-access';

/** Zone that is watched from without a database. */
export const remoteZone = 'singapore';

export interface RemoteZoneOptions {
  /** Where the key is written to. */
  readonly folder: string;
  readonly access: LocalAccess;
  /** Address of the server as the zone reaches it. */
  readonly server: string;
}

/**
 * Makes the zone, what is watched from there, and a key of role agent; the file with that key.
 * @throws Error when the server refuses
 */
export async function prepareRemoteZone({ folder, access, server }: RemoteZoneOptions): Promise<string> {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${access.server}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path} was answered with ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  await post('apply', { objects: objectsOf(server) });
  const { secret } = (await post('keys', { name: 'Singapore', role: 'agent' })) as { secret: string };
  const file = join(folder, 'remote-key');
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

function objectsOf(server: string) {
  const monitor = (name: string, service: string, query: string) => ({
    ...{ kind: 'Monitor', name, service, environment: 'production', zones: [remoteZone], labels: { demo: 'true' } },
    ...{ type: 'http', interval: '5s', timeout: '2s', options: { url: `${server}/website_mock?${query}` } },
  });
  return [
    { kind: 'Zone', name: remoteZone, title: 'Singapore', code: 'SIN' },
    monitor('Shop front page, from Singapore', 'shop', 'delay=60ms&size=2000'),
    monitor('Pay by card, from Singapore', 'payments', 'delay=90ms&sequence=200:100s,503:45s'),
  ];
}
