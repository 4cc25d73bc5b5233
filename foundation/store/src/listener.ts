import { sql } from 'kysely';
import { type Connection, clientConfig, type Db, newClient } from './store.ts';

export interface Listener {
  /** Resolves when the connection is gone, for whatever reason. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Opens a connection that calls back for every notification on a channel. */
export async function openListener(
  connection: Connection,
  channel: string,
  onPayload: (payload: string) => void,
): Promise<Listener> {
  const client = newClient(clientConfig(connection));
  const ended = new Promise<void>((resolve) => {
    client.on('end', resolve);
    client.on('error', () => resolve());
  });
  client.on('notification', ({ payload }) => onPayload(payload ?? ''));
  await client.connect();
  await client.query(`listen ${client.escapeIdentifier(channel)}`);
  return { ended, close: () => client.end() };
}

/** Sends a notification; inside a transaction it goes out with the commit. */
export async function notify(db: Db, channel: string, payload: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${payload})`.execute(db);
}
