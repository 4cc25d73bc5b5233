import { createLogger } from '@watchkeeper/kit';
import { WatchkeeperError } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { HeldConnection, type LogClient } from '../src/held-connection.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const backendOf = async (client: LogClient) => (await client.query('select pg_backend_pid() as pid')).rows[0].pid;

describe('The connection that the log holds', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let held: HeldConnection;
  beforeEach(async () => {
    database = await createTestDatabase();
    held = new HeldConnection(database.connection, logger);
  });
  afterEach(async () => {
    await held.close();
    await database.drop();
  });

  it('stays the one that was opened after a loss, also when the lost one is told of once more', async () => {
    const lost = await held.use(async (client) => client);
    const away = new WatchkeeperError('database_unavailable', 'The database restarts. Try again.');
    await expect(held.use(() => Promise.reject(away))).rejects.toBe(away);
    const present = await held.use(backendOf);
    lost.emit('error', new Error('Connection terminated unexpectedly'));
    expect(await held.use(backendOf)).toBe(present);
  });
});
