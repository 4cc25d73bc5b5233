import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { hashSecret, newKey } from '@watchkeeper/api';
import { type LocalAccess, localAccessFile, readLocalAccess } from '@watchkeeper/client/local-access';
import { defaultTenantId, findKey, insertKey, recordChange, type Store } from '@watchkeeper/store';

export function removeLocalAccess(dataDir: string): void {
  rmSync(localAccessFile(dataDir), { force: true });
}

/**
 * Makes sure that the data directory holds an administrator's key that works, and tells where the server is. Whoever
 * can read the directory or the database owns the installation anyway.
 */
export async function ensureLocalAccess(
  store: Store,
  { dataDir, server }: { readonly dataDir: string; readonly server: string },
): Promise<LocalAccess & { readonly keyId: string; readonly isNew: boolean }> {
  const present = readLocalAccess(dataDir);
  const presentId = present === undefined ? undefined : await workingKeyId(store, present.key);
  if (present !== undefined && presentId !== undefined) {
    if (present.server !== server) write(dataDir, { server, key: present.key });
    return { server, key: present.key, keyId: presentId, isNew: false };
  }
  const { id, text, secretHash } = newKey();
  // The file comes first: a crash in between leaves a key that the next start replaces, never one that nobody knows.
  write(dataDir, { server, key: text });
  await store.write(async (tx) => {
    const name = `local administrator on ${hostname()}`;
    await insertKey(tx, { id, tenantId: defaultTenantId, name, role: 'admin', secretHash, expiresAt: null });
    await recordChange(tx, {
      tenantId: defaultTenantId,
      actor: 'watchkeeper start',
      actorKeyId: null,
      action: 'key.created',
      object: `key "${name}" (admin)`,
      requestId: 'start',
      remoteAddress: null,
    });
  });
  return { server, key: text, keyId: id, isNew: true };
}

async function workingKeyId(store: Store, text: string): Promise<string | undefined> {
  const [, id, secret] = /^wk_([A-Za-z0-9]{12})_(.+)$/.exec(text) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  const key = await findKey(store.db, id);
  const works = key !== undefined && key.revokedAt === null && key.secretHash.equals(hashSecret(secret));
  return works && key.role === 'admin' ? id : undefined;
}

function write(dataDir: string, access: LocalAccess): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = localAccessFile(dataDir);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
