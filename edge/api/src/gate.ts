import { isWatchkeeperError, mayAct, type Role, type Route, WatchkeeperError } from '@watchkeeper/model';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Authenticator, assertSameOrigin, hashSecret, sessionCookie } from './authenticate.ts';
import type { ApiDependencies, Caller } from './handler.ts';

/** Wrong keys and links that one address may try per minute. */
const wrongKeysPerMinute = 10;
/** Keys that are remembered as right: others at their address that are wrong must not keep them out. */
const rememberedKeys = 10_000;

/** Who may come in: keys, sessions, roles, and how often one may be wrong. */
export class Gate {
  readonly #authenticator: Authenticator;
  readonly #countWrong: ReturnType<FastifyInstance['createRateLimit']>;
  /** Hashes of keys that were right. */
  readonly #right = new Set<string>();

  constructor(app: FastifyInstance, { store, clock }: ApiDependencies) {
    this.#authenticator = new Authenticator(store, clock);
    this.#countWrong = app.createRateLimit({
      max: wrongKeysPerMinute,
      timeWindow: '1 minute',
      keyGenerator: (request) => `wrong ${request.ip}`,
    });
  }

  /** @throws WatchkeeperError `unauthenticated`, `forbidden`, `origin_refused`, `too_many_requests` */
  async admit(request: FastifyRequest, role: Route['role']): Promise<Caller | undefined> {
    const { authorization } = request.headers;
    const sessionToken = request.cookies[sessionCookie];
    const isSafe = request.method === 'GET' || request.method === 'HEAD';
    if (!isSafe && authorization === undefined) assertSameOrigin(request.headers);
    if (role === 'none') return undefined;
    const recognise = () => this.#authenticator.callerOf({ authorization, sessionToken });
    // Whoever shows nothing has not tried anything.
    const caller = await (authorization === undefined ? recognise() : this.counting(request, recognise, authorization));
    return assertRole(caller, role);
  }

  /**
   * Lets somebody in by a key alone, in whichever way it was shown; sessions of browsers count nothing here.
   * @throws WatchkeeperError `unauthenticated`, `forbidden`, `too_many_requests`
   */
  async admitKey(request: FastifyRequest, key: string | undefined, role: Role): Promise<Caller> {
    if (key === undefined)
      throw new WatchkeeperError(
        'unauthenticated',
        `Send an API key with the role ${role}, as the password or the token.`,
      );
    return assertRole(await this.counting(request, () => this.#authenticator.callerOfKey(key), key), role);
  }

  /** Whether a key that was let in still is; while nobody can tell, it is. */
  async isAdmitted(key: string, role: Role): Promise<boolean> {
    try {
      assertRole(await this.#authenticator.callerOfKey(key), role);
      return true;
    } catch (error) {
      return !isWatchkeeperError(error, 'unauthenticated') && !isWatchkeeperError(error, 'forbidden');
    }
  }

  /**
   * Lets an address be wrong only so often.
   * @param shown by which the work recognises somebody; what was right before is tried however often others were wrong
   * @throws WatchkeeperError `too_many_requests` and what the work throws
   */
  async counting<T>(request: FastifyRequest, work: () => Promise<T>, shown?: string): Promise<T> {
    const hash = shown === undefined ? undefined : hashSecret(shown).toString('base64');
    const before = await this.#countWrong(request, { increment: false });
    if (!before.isAllowed && before.isExceeded && !(hash !== undefined && this.#right.has(hash))) {
      throw tooMany(`${wrongKeysPerMinute} wrong keys or links per minute`, before.ttl);
    }
    try {
      const done = await work();
      if (hash !== undefined) this.#remember(hash);
      return done;
    } catch (error) {
      const isWrong =
        error instanceof WatchkeeperError && (error.code === 'unauthenticated' || error.code === 'login_link_invalid');
      if (isWrong && hash !== undefined) this.#right.delete(hash);
      if (isWrong) await this.#countWrong(request);
      throw error;
    }
  }

  #remember(hash: string): void {
    if (this.#right.has(hash)) return;
    if (this.#right.size >= rememberedKeys) this.#right.delete(this.#right.values().next().value as string);
    this.#right.add(hash);
  }
}

export function tooMany(limit: string, ttlMs: number): WatchkeeperError {
  const retryAfterS = Math.max(1, Math.ceil(ttlMs / 1000));
  return new WatchkeeperError('too_many_requests', `More than ${limit}. Wait ${retryAfterS} s and go on more slowly.`, {
    details: { retryAfterS },
  });
}

function assertRole(caller: Caller, role: Role): Caller {
  if (mayAct(caller.role, role)) return caller;
  throw new WatchkeeperError(
    'forbidden',
    `The key "${caller.name}" has the role ${caller.role}; this needs ${role}. Ask an administrator for a key with that role.`,
    { details: { has: caller.role, needs: role } },
  );
}
