import type { Role } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Keys, one-time sign-in links and sessions. Secrets are stored as SHA-256 only; they are random, so no salt is needed. */

export interface KeyRow {
  readonly id: string;
  readonly tenantId: number;
  readonly tenant: string;
  readonly name: string;
  readonly role: Role;
  readonly secretHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

const keyColumns = sql.raw(`k.id, k.tenant_id as "tenantId", t.name as tenant, k.name, k.role,
  k.secret_hash as "secretHash", k.created_at as "createdAt", k.expires_at as "expiresAt",
  k.last_used_at as "lastUsedAt", k.revoked_at as "revokedAt"`);

export async function insertKey(
  tx: Transaction<Tables>,
  key: { id: string; tenantId: number; name: string; role: Role; secretHash: Buffer; expiresAt: Date | null },
): Promise<KeyRow> {
  await tx
    .insertInto('api_keys')
    .values({
      id: key.id,
      tenant_id: key.tenantId,
      name: key.name,
      role: key.role,
      secret_hash: key.secretHash,
      expires_at: key.expiresAt,
      last_used_at: null,
      revoked_at: null,
    })
    .execute();
  return (await findKey(tx, key.id)) as KeyRow;
}

export async function findKey(db: Db, id: string): Promise<KeyRow | undefined> {
  const { rows } = await sql<KeyRow>`
    select ${keyColumns} from api_keys k join tenants t on t.id = k.tenant_id where k.id = ${id}`.execute(db);
  return rows[0];
}

/** Newest first, revoked ones too. */
export async function listKeys(db: Db, tenantId: number): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select ${keyColumns} from api_keys k join tenants t on t.id = k.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, k.tenant_id) order by k.created_at desc, k.id`.execute(db);
  return rows;
}

/** Revokes a key and ends the sessions and links that came from it; undefined when there is no such key. */
export async function revokeKey(tx: Transaction<Tables>, id: string, tenantId: number): Promise<KeyRow | undefined> {
  const key = await findKey(tx, id);
  if (key === undefined || (tenantId !== allTenants && key.tenantId !== tenantId)) return undefined;
  await sql`update api_keys set revoked_at = now() where id = ${id} and revoked_at is null`.execute(tx);
  await sql`delete from sessions where key_id = ${id}`.execute(tx);
  await sql`delete from login_links where key_id = ${id}`.execute(tx);
  return key;
}

/** Notes the use of a key, to the minute. */
export async function touchKey(db: Db, id: string): Promise<void> {
  await sql`update api_keys set last_used_at = date_trunc('minute', now()) where id = ${id}
    and last_used_at is distinct from date_trunc('minute', now())`.execute(db);
}

export interface LoginLinkRow {
  readonly tenantId: number;
  readonly keyId: string | null;
  readonly name: string;
  readonly role: Role;
}

export async function insertLoginLink(
  db: Db,
  link: LoginLinkRow & { readonly tokenHash: Buffer; readonly validMs: number },
): Promise<{ expiresAt: Date }> {
  const { rows } = await sql<{ expiresAt: Date }>`
    insert into login_links (token_hash, tenant_id, key_id, name, role, expires_at)
    values (${link.tokenHash}, ${link.tenantId}, ${link.keyId}, ${link.name}, ${link.role}, now() + ${link.validMs} * interval '1 millisecond')
    returning expires_at as "expiresAt"`.execute(db);
  return rows[0] as { expiresAt: Date };
}

/** Uses a link up; undefined when it is wrong, used or too old. Of two that try at once one succeeds. */
export async function useLoginLink(tx: Transaction<Tables>, tokenHash: Buffer): Promise<LoginLinkRow | undefined> {
  const { rows } = await sql<LoginLinkRow>`
    update login_links set used_at = now() where token_hash = ${tokenHash} and used_at is null and expires_at > now()
    returning tenant_id as "tenantId", key_id as "keyId", name, role`.execute(tx);
  return rows[0];
}

export interface SessionRow extends LoginLinkRow {
  readonly tenant: string;
  readonly expiresAt: Date;
}

export async function insertSession(
  tx: Transaction<Tables>,
  session: LoginLinkRow & { readonly tokenHash: Buffer; readonly validMs: number },
): Promise<SessionRow> {
  await sql`
    insert into sessions (token_hash, tenant_id, key_id, name, role, expires_at)
    values (${session.tokenHash}, ${session.tenantId}, ${session.keyId}, ${session.name}, ${session.role}, now() + ${session.validMs} * interval '1 millisecond')`.execute(
    tx,
  );
  return (await findSession(tx, session.tokenHash)) as SessionRow;
}

/** A session that is valid now; one of a key only as long as the key is. */
export async function findSession(db: Db, tokenHash: Buffer): Promise<SessionRow | undefined> {
  const { rows } = await sql<SessionRow>`
    select s.tenant_id as "tenantId", t.name as tenant, s.key_id as "keyId", s.name, s.role, s.expires_at as "expiresAt"
    from sessions s join tenants t on t.id = s.tenant_id left join api_keys k on k.id = s.key_id
    where s.token_hash = ${tokenHash} and s.expires_at > now()
      and (s.key_id is null or (k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))`.execute(db);
  return rows[0];
}

export async function deleteSession(db: Db, tokenHash: Buffer): Promise<void> {
  await sql`delete from sessions where token_hash = ${tokenHash}`.execute(db);
}

/** Whether any key of role admin works now. */
export async function hasAdminKey(db: Db): Promise<boolean> {
  const { rows } = await sql`select from api_keys where role = 'admin' and revoked_at is null
    and (expires_at is null or expires_at > now()) limit 1`.execute(db);
  return rows.length === 1;
}
