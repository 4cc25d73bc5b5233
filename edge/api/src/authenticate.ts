import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@watchkeeper/kit';
import { type Role, WatchkeeperError } from '@watchkeeper/model';
import { findKey, findSession, type Store, touchKey } from '@watchkeeper/store';
import type { Caller } from './handler.ts';

/** Name of the cookie that holds a session's secret. */
export const sessionCookie = 'wk_session';

/** What a request says about who sent it. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly sessionToken: string | undefined;
}

const keyPattern = /^wk_([A-Za-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

/** SHA-256 of a secret of ours. Secrets have 256 random bits, so a fast hash is enough. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** A new secret with 256 random bits, as URL-safe text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** A new key: its public part, and the whole text that is shown once. */
export function newKey(): { readonly id: string; readonly text: string; readonly secretHash: Buffer } {
  const id = randomBytes(6).toString('hex');
  const secret = newSecret();
  return { id, text: `wk_${id}_${secret}`, secretHash: hashSecret(secret) };
}

export function seesAllTenants(role: Role): boolean {
  return role === 'operator' || role === 'admin';
}

/** How often the use of a key is noted, milliseconds. */
const touchEveryMs = 60_000;

/** Finds out who asks, from an API key or a session. */
export class Authenticator {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #touchedAtMs = new Map<string, number>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws WatchkeeperError `unauthenticated` */
  async callerOf({ authorization, sessionToken }: Credentials): Promise<Caller> {
    if (authorization !== undefined) {
      const [, text] = /^Bearer ([^\s]+)$/i.exec(authorization) ?? [];
      if (text === undefined) throw refused('The Authorization header must be `Bearer <key>`.');
      return this.callerOfKey(text);
    }
    if (sessionToken !== undefined) {
      const session = await findSession(this.#store.db, hashSecret(sessionToken));
      if (session === undefined) throw refused('The session has ended. Open a new sign-in link or use a key.');
      return {
        name: session.name,
        keyId: session.keyId,
        role: session.role,
        tenantId: session.tenantId,
        tenant: session.tenant,
        seesAllTenants: seesAllTenants(session.role),
        kind: 'session',
        expiresAt: session.expiresAt.toISOString(),
      };
    }
    throw refused('Send an API key as `Authorization: Bearer <key>`, or sign in with `watchkeeper login-link`.');
  }

  /** @throws WatchkeeperError `unauthenticated` */
  async callerOfKey(text: string): Promise<Caller> {
    const [, id, secret] = keyPattern.exec(text) ?? [];
    const key = id === undefined ? undefined : await findKey(this.#store.db, id);
    const isRight = key !== undefined && secret !== undefined && timingSafeEqual(hashSecret(secret), key.secretHash);
    if (!isRight) throw refused('The key is wrong. Check that it was copied whole.');
    if (key.revokedAt !== null) throw refused(`The key "${key.name}" was revoked. Ask an administrator for another.`);
    if (key.expiresAt !== null && key.expiresAt.getTime() <= this.#clock.wallMs()) {
      throw refused(
        `The key "${key.name}" expired at ${key.expiresAt.toISOString()}. Ask an administrator for another.`,
      );
    }
    await this.#touch(key.id);
    return {
      name: key.name,
      keyId: key.id,
      role: key.role,
      tenantId: key.tenantId,
      tenant: key.tenant,
      seesAllTenants: seesAllTenants(key.role),
      kind: 'key',
      expiresAt: key.expiresAt?.toISOString() ?? null,
    };
  }

  async #touch(id: string): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (nowMs - (this.#touchedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < touchEveryMs) return;
    this.#touchedAtMs.set(id, nowMs);
    await touchKey(this.#store.db, id);
  }
}

function refused(message: string): WatchkeeperError {
  return new WatchkeeperError('unauthenticated', message);
}

/**
 * Refuses a change that a page of another site made the browser send (cross-site request forgery). Browsers tell the
 * site in Sec-Fetch-Site, older ones in Origin; programs that send neither carry no cookies of a browser.
 * @throws WatchkeeperError `origin_refused`
 */
export function assertSameOrigin(headers: {
  readonly 'sec-fetch-site'?: string | string[] | undefined;
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}): void {
  const site = headers['sec-fetch-site'];
  const isSame =
    site !== undefined
      ? site === 'same-origin' || site === 'none'
      : headers.origin === undefined || isOwnOrigin(headers.origin, headers.host);
  if (!isSame) {
    throw new WatchkeeperError(
      'origin_refused',
      'A page of another site may not change anything with your session. Use an API key from other programs.',
    );
  }
}

/** Whether a page of that origin came from the host that the request names; default ports may be left out. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  const page = URL.parse(origin);
  return page !== null && page.host === URL.parse(`${page.protocol}//${host ?? ''}`)?.host;
}
