import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';
import { contractViews } from './view-contract.ts';

/** Login roles that may read the views, each those of one tenant, and nothing else. */

export interface ViewReader {
  /** Name of the role: letters, digits and `_`, at most 63. */
  readonly role: string;
  readonly tenantId: number;
  readonly password: string;
  /** Connections at once, 1 to 1000. */
  readonly connections: number;
  /** Longest time of a statement, milliseconds; the role could lift it for itself, so it guards against accidents alone. */
  readonly statementTimeoutMs: number;
}

/** Says whose a role is; roles belong to the server and outlive a database. */
const markOf = (database: string) => `Reads the views of Watchkeeper in database "${database}"`;

/**
 * Makes a role with a right to read the views and no other, or renews its password, tenant and limits.
 * @throws WatchkeeperError `name_taken` when there is another role of this name, `forbidden` when we may not make roles
 */
export async function putViewReader(tx: Transaction<Tables>, reader: ViewReader): Promise<'created' | 'renewed'> {
  const { role, tenantId, password, connections, statementTimeoutMs } = reader;
  const { mark, isThere } = await ownRole(tx, role);
  const name = sql.id(role);
  await asRoleOwner(role, async () => {
    if (!isThere) await sql`create role ${name}`.execute(tx);
    await sql`alter role ${name} with login connection limit ${sql.lit(connections)} password ${sql.lit(scramSecret(password))}`.execute(
      tx,
    );
    await sql`comment on role ${name} is ${sql.lit(mark)}`.execute(tx);
    const settings = {
      default_transaction_read_only: 'on',
      statement_timeout: `${statementTimeoutMs}ms`,
      idle_in_transaction_session_timeout: '30s',
      timezone: 'UTC',
      jit: 'off',
    };
    for (const [setting, value] of Object.entries(settings))
      await sql`alter role ${name} set ${sql.id(setting)} = ${sql.lit(value)}`.execute(tx);
  });
  await sql`grant usage on schema ${sql.id(await schemaOf(tx))} to ${name}`.execute(tx);
  await sql`grant select on ${viewList} to ${name}`.execute(tx);
  await sql`insert into view_readers (role_name, tenant_id) values (${role}, ${tenantId})
    on conflict (role_name) do update set tenant_id = excluded.tenant_id`.execute(tx);
  return isThere ? 'renewed' : 'created';
}

/**
 * Takes a role away; connections that it has open see nothing more.
 * @throws WatchkeeperError `not_found`, `name_taken` when it is a role of somebody else, `forbidden`
 */
export async function removeViewReader(tx: Transaction<Tables>, role: string): Promise<void> {
  const { isThere } = await ownRole(tx, role);
  if (!isThere) throw new WatchkeeperError('not_found', `There is no role "${role}".`);
  await sql`delete from view_readers where role_name = ${role}`.execute(tx);
  await sql`revoke all on ${viewList} from ${sql.id(role)}`.execute(tx);
  await sql`revoke all on schema ${sql.id(await schemaOf(tx))} from ${sql.id(role)}`.execute(tx);
  await asRoleOwner(role, () => sql`drop role ${sql.id(role)}`.execute(tx));
}

/** The roles that may read the views now, by name. */
export async function listViewReaders(db: Db): Promise<{ role: string; tenant: string }[]> {
  const { rows } = await sql<{ role: string; tenant: string }>`
    select r.role_name::text as role, t.name as tenant from view_readers r join tenants t on t.id = r.tenant_id
    order by 1`.execute(db);
  return rows;
}

const viewList = sql.join(contractViews.map((view) => sql.table(view)));

async function schemaOf(db: Db): Promise<string> {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db);
  return rows[0]?.schema ?? 'public';
}

/** Whether there is a role of this name, which then must be one that we made for this database. */
async function ownRole(db: Db, role: string): Promise<{ isThere: boolean; mark: string }> {
  const { rows } = await sql<{ database: string; comment: string | null; is_there: boolean }>`
    select current_database() as database, shobj_description(r.oid, 'pg_authid') as comment, r.oid is not null as is_there
    from (values (${role}::name)) as wanted (name) left join pg_roles r on r.rolname = wanted.name`.execute(db);
  const { database, comment, is_there: isThere } = rows[0] as (typeof rows)[number];
  const mark = markOf(database);
  if (isThere && comment !== mark) {
    throw new WatchkeeperError(
      'name_taken',
      `The database server has a role "${role}" that is no reader of this database's views. Choose another name.`,
      { details: { role } },
    );
  }
  return { isThere, mark };
}

async function asRoleOwner<T>(role: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as { code?: string }).code !== '42501') throw error;
    throw new WatchkeeperError(
      'forbidden',
      `The role "${role}" could not be changed (${(error as Error).message}). Give the database user of Watchkeeper the attribute CREATEROLE, or let an administrator who has it run this command.`,
      { cause: error },
    );
  }
}

const iterations = 4096;

/** What PostgreSQL stores of a password (RFC 5803): sent in this form, the password stands in no log of statements. */
function scramSecret(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const sign = (text: string) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(sign('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${sign('Server Key').toString('base64')}`;
}
