import { type Key, mayAct, parseDuration, type Session, WatchkeeperError } from '@watchkeeper/model';
import {
  deleteSession,
  ensureTenant,
  insertKey,
  insertLoginLink,
  insertSession,
  type KeyRow,
  listKeys,
  recordChange,
  revokeKey,
  useLoginLink,
} from '@watchkeeper/store';
import { Authenticator, hashSecret, newKey, newSecret } from '../authenticate.ts';
import { changed } from '../change.ts';
import type { Caller, Handlers } from '../handler.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';

const sessionSeconds = 7 * 86_400;
const longestLinkMs = 3_600_000;
const longestKeyMs = 36_500 * 86_400_000;

export const accessHandlers = {
  async listKeys({ caller }, { store }) {
    return { items: (await listKeys(store.db, scopeOf(caller))).map(viewOfKey) };
  },

  async createKey(call, { store, clock }) {
    const { name, role, tenant = 'default', expiresIn } = call.body;
    const validMs = expiresIn === undefined ? undefined : (parseDuration(expiresIn) ?? Number.POSITIVE_INFINITY);
    if (validMs !== undefined && (validMs === 0 || validMs > longestKeyMs)) {
      const message = 'must be longer than 0s and at most 36500d; leave it out for a key without an end';
      throw validationError([{ pointer: '/expiresIn', message }], 'The key');
    }
    const { id, text, secretHash } = newKey();
    const row = await store.write(async (tx) => {
      const tenantId = await ensureTenant(tx, tenant);
      const expiresAt = validMs === undefined ? null : new Date(clock.wallMs() + validMs);
      const key = await insertKey(tx, { id, tenantId, name, role, secretHash, expiresAt });
      const object = `key "${name}" (${role})`;
      await recordChange(tx, changed(call, { action: 'key.created', object, after: viewOfKey(key), tenantId }));
      return key;
    });
    return { key: viewOfKey(row), secret: text };
  },

  async revokeKey(call, { store }) {
    await store.write(async (tx) => {
      const row = await revokeKey(tx, call.params.id, scopeOf(call.caller));
      if (row === undefined) {
        throw new WatchkeeperError(
          'not_found',
          `There is no key ${call.params.id}. List the keys to see which there are.`,
        );
      }
      const object = `key "${row.name}" (${row.role})`;
      await recordChange(tx, changed(call, { action: 'key.revoked', object, tenantId: row.tenantId }));
    });
  },

  async createLoginLink(call, { store, product }) {
    const { role = 'admin', expiresIn = '10m' } = call.body;
    const { caller } = call;
    const validMs = parseDuration(expiresIn) ?? 0;
    if (validMs <= 0 || validMs > longestLinkMs) {
      throw validationError([{ pointer: '/expiresIn', message: 'must be longer than 0s and at most 1h' }], 'The link');
    }
    if (!mayAct(role, 'viewer')) {
      throw validationError([{ pointer: '/role', message: 'must be viewer, editor, operator or admin' }], 'The link');
    }
    const token = newSecret();
    const { expiresAt } = await store.write(async (tx) => {
      await recordChange(tx, changed(call, { action: 'login_link.created', object: `sign-in link (${role})` }));
      return insertLoginLink(tx, {
        tokenHash: hashSecret(token),
        tenantId: caller.tenantId,
        keyId: caller.keyId,
        name: caller.name,
        role,
        validMs,
      });
    });
    return { url: `${product.publicUrl}/login#token=${token}`, expiresAt: expiresAt.toISOString() };
  },

  async openSession({ body, setSession }, { store, clock }) {
    const { token, key } = body;
    if ((token === undefined) === (key === undefined)) {
      throw validationError([{ pointer: '/token', message: 'send either `token` or `key`' }], 'The sign-in');
    }
    const caller = key === undefined ? undefined : await new Authenticator(store, clock).callerOfKey(key.trim());
    if (caller !== undefined && !mayAct(caller.role, 'viewer')) {
      throw new WatchkeeperError('forbidden', `A key of role ${caller.role} cannot sign in. Use a key that may read.`);
    }
    const secret = newSecret();
    const session = await store.write(async (tx) => {
      const link = token === undefined ? undefined : await useLoginLink(tx, hashSecret(token));
      const source = link ?? caller;
      if (source === undefined) {
        throw new WatchkeeperError(
          'login_link_invalid',
          'The sign-in link is used up, too old or wrong. Make another with `watchkeeper login-link`.',
        );
      }
      const { tenantId, keyId, name, role } = source;
      return insertSession(tx, {
        tokenHash: hashSecret(secret),
        ...{ tenantId, keyId, name, role },
        validMs: sessionSeconds * 1000,
      });
    });
    setSession(secret, sessionSeconds);
    const { name, role, tenant, expiresAt } = session;
    return { name, role, tenant, expiresAt: expiresAt.toISOString(), kind: 'session' as const };
  },

  async getSession({ caller }) {
    return viewOfCaller(caller);
  },

  async closeSession({ sessionToken, setSession }, { store }) {
    if (sessionToken !== undefined) await deleteSession(store.db, hashSecret(sessionToken));
    setSession(undefined, 0);
  },
} satisfies Partial<Handlers>;

function viewOfCaller({ name, role, tenant, expiresAt, kind }: Caller): Session {
  return { name, role, tenant, expiresAt, kind };
}

function viewOfKey(row: KeyRow): Key {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    tenant: row.tenant,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
