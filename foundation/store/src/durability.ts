import { WatchkeeperError } from '@watchkeeper/model';
import { sql } from 'kysely';
import type { Db } from './store.ts';

/**
 * A commit is durable only with these three on (PostgreSQL documentation, "Write Ahead Log"); killing the process
 * does not show when they are off, so they are asked for at every start.
 * @throws WatchkeeperError `database_settings_unsafe`
 */
export async function assertDurable(db: Db): Promise<void> {
  const { rows } = await sql<{ name: string; setting: string }>`
    select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')`.execute(
    db,
  );
  const off = rows.filter(({ setting }) => setting === 'off').map(({ name }) => name);
  if (off.length === 0) return;
  throw new WatchkeeperError(
    'database_settings_unsafe',
    `The database runs with ${off.join(', ')} off: what it says is stored may be gone after a power cut. Set ${off.map((name) => `${name} = on`).join(', ')} and restart it.`,
    { details: { off } },
  );
}
