import { newSecret } from '@watchkeeper/api';
import { WatchkeeperError } from '@watchkeeper/model';
import {
  type Connection,
  connectionPlace,
  defaultTenantId,
  migrateDatabase,
  openStore,
  putViewReader,
  recordChange,
  removeViewReader,
  type Tx,
  tenantIds,
} from '@watchkeeper/store';
import { type DatabaseOptions, withRunningDatabase } from './database-commands.ts';
import { resolveReference, type Settings } from './settings.ts';

export interface ReaderRoleRequest {
  readonly role: string;
  readonly tenant: string;
  /** Where the password stands (`env:NAME`, `file:/path`); a new one is made when left out. */
  readonly password?: string;
  /** Connections at once, 1 to 1000. */
  readonly connections: number;
  readonly statementTimeoutMs: number;
}

const roleName = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;

/** How to sign in with the role. */
export interface ReaderRole {
  readonly result: 'created' | 'renewed';
  readonly role: string;
  readonly tenant: string;
  /** Null where it was given. */
  readonly password: string | null;
  /** Null where the database has no address but a socket. */
  readonly address: string | null;
  readonly socket: string | null;
  readonly database: string;
}

/**
 * Makes or renews a role that reads the views of one tenant and nothing else. The server may run.
 * @throws WatchkeeperError `usage`, `settings_invalid`, `name_taken`, `not_found` when there is no such tenant, `forbidden`
 */
export async function putReaderRole(options: DatabaseOptions, request: ReaderRoleRequest): Promise<ReaderRole> {
  const { role, tenant, connections, statementTimeoutMs } = request;
  if (!roleName.test(role)) {
    throw new WatchkeeperError(
      'usage',
      `"${role}" is no name for a role. Use up to 63 small letters, digits and _, and do not begin with a digit or pg_.`,
    );
  }
  if (request.password !== undefined && !/^(env|file):./.test(request.password)) {
    throw new WatchkeeperError(
      'usage',
      'A password on the command line can be seen by everybody on the machine. Say where it stands: env:NAME or file:/path.',
    );
  }
  const given = request.password && resolveReference(request.password, options.environment);
  return withRunningDatabase(options, async ({ connection }) => {
    await migrateDatabase(connection, options.onProgress);
    const store = openStore({ connection });
    try {
      const tenantId = (await tenantIds(store.db)).get(tenant);
      if (tenantId === undefined) {
        throw new WatchkeeperError('not_found', `There is no tenant "${tenant}". Tenants come with their first key.`);
      }
      const password = given ?? newSecret();
      const result = await store.write(async (tx) => {
        const done = await putViewReader(tx, { role, tenantId, password, connections, statementTimeoutMs });
        await recordReaderRole(tx, tenantId, role, done);
        return done;
      });
      const place = placeOf(connection, options.settings);
      return { result, role, tenant, password: given === undefined ? password : null, ...place };
    } finally {
      await store.close();
    }
  });
}

/** Takes such a role away. @throws WatchkeeperError `not_found`, `name_taken`, `forbidden` */
export async function removeReaderRole(options: DatabaseOptions, role: string): Promise<void> {
  await withRunningDatabase(options, async ({ connection }) => {
    const store = openStore({ connection });
    try {
      await store.write(async (tx) => {
        await removeViewReader(tx, role);
        await recordReaderRole(tx, defaultTenantId, role, 'removed');
      });
    } finally {
      await store.close();
    }
  });
}

async function recordReaderRole(tx: Tx, tenantId: number, role: string, verb: string): Promise<void> {
  await recordChange(tx, {
    ...{ tenantId, actor: 'watchkeeper db reader-role', actorKeyId: null, action: `reader_role.${verb}` },
    ...{ object: `reader role "${role}"`, requestId: 'reader-role', remoteAddress: null },
  });
}

/** Where programs reach the database, without who signs in. */
function placeOf(connection: Connection, { databasePort }: Settings) {
  const { host, port, database } = connectionPlace(connection);
  if (!host.startsWith('/')) return { address: `${host}:${port}`, socket: null, database };
  return { address: databasePort === undefined ? null : `127.0.0.1:${databasePort}`, socket: host, database };
}
