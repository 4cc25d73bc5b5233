import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Reason } from '@watchkeeper/model';
import { AddressPolicy, type EgressPolicy } from './address-policy.ts';
import { type OpenDatagrams, openDatagrams } from './open-datagrams.ts';
import type { Refused } from './refused.ts';
import { tlsReason } from './tls-reason.ts';

/**
 * The one door for outgoing connections. A name is resolved once, every address is judged, and the connection goes
 * to a judged address: nothing is resolved a second time, so an answer that changes in between does no harm.
 * What goes wrong is data, never an exception.
 */
export interface Egress {
  connect(target: ConnectTarget): Promise<Connected | Refused>;
  /** TLS on a connected socket, a full handshake each time. */
  secure(socket: Socket, options: SecureOptions): Promise<Secured | Refused>;
  /** A way for datagrams (UDP) to one judged address. */
  datagrams(target: ConnectTarget): Promise<OpenDatagrams | Refused>;
}

export interface ConnectTarget {
  /** A name or an address; brackets around IPv6 are accepted. */
  readonly host: string;
  readonly port: number;
  readonly signal: AbortSignal;
  /** 4 or 6: only addresses of that family. */
  readonly family?: 4 | 6;
}

export interface Connected {
  readonly ok: true;
  readonly socket: Socket;
  readonly address: string;
  /** Milliseconds; 0 for an address. */
  readonly dnsMs: number;
  readonly connectMs: number;
}

export interface SecureOptions {
  /** Name for SNI and for the check of the certificate. */
  readonly servername: string;
  readonly context: SecureContext;
  /** Protocols that are offered (ALPN); HTTP/1.1 when left out. */
  readonly protocols?: readonly string[];
  /** False accepts any certificate; the facts are told all the same. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

export interface Secured {
  readonly ok: true;
  readonly socket: TLSSocket;
  readonly tlsMs: number;
}

export interface EgressOptions {
  readonly policy: EgressPolicy;
  /** Resolves a name to all its addresses; replaced in tests that need names of their own. */
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
}

/** @throws WatchkeeperError `settings_invalid` for a policy with a range that is none. */
export function openEgress({
  policy,
  resolve = (host) => lookup(host, { all: true, verbatim: true }),
}: EgressOptions): Egress {
  const judged = new AddressPolicy(policy);

  const addressesOf = async ({ host, family, signal }: ConnectTarget): Promise<string[] | Refused> => {
    const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    if (isIP(bare) !== 0) return [bare];
    try {
      const found = await untilAborted(resolve(bare), signal);
      const wanted = found.filter((entry) => family === undefined || entry.family === family);
      if (wanted.length > 0) return wanted.map((entry) => entry.address);
      return {
        ok: false,
        reason: 'dns',
        message: `${bare} has no ${family === 6 ? 'IPv6' : family === 4 ? 'IPv4' : ''} address`,
      };
    } catch (error) {
      if (signal.aborted) return { ok: false, reason: 'timeout', message: `the name ${bare} was not resolved in time` };
      return {
        ok: false,
        reason: 'dns',
        message: `the name ${bare} cannot be resolved (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      };
    }
  };

  /** Every address of a target, all of them allowed. */
  const judgedAddressesOf = async (target: ConnectTarget): Promise<string[] | Refused> => {
    const addresses = await addressesOf(target);
    if (!Array.isArray(addresses)) return addresses;
    for (const address of addresses) {
      const refusal = judged.refusal(address);
      if (refusal !== undefined) return { ok: false, reason: 'egress_denied', message: refusal, address };
    }
    return addresses;
  };

  return {
    async datagrams(target) {
      const addresses = await judgedAddressesOf(target);
      if (!Array.isArray(addresses)) return addresses;
      return openDatagrams(addresses[0] as string, target.port, target.signal);
    },

    async connect(target) {
      const { port, signal } = target;
      const startedMs = performance.now();
      const addresses = await judgedAddressesOf(target);
      const resolvedMs = performance.now();
      const dnsMs = isIP(target.host) === 0 ? resolvedMs - startedMs : 0;
      if (!Array.isArray(addresses)) return { ...addresses, dnsMs };
      let last: Refused | undefined;
      for (const address of addresses) {
        const tried = await open(address, port, signal);
        const connectMs = performance.now() - resolvedMs;
        if (tried.ok) return { ok: true, socket: tried.socket, address, dnsMs, connectMs };
        last = { ...tried, address, dnsMs, connectMs };
        if (signal.aborted) break;
      }
      return last ?? { ok: false, reason: 'dns', message: `${target.host} has no address`, dnsMs };
    },

    secure(socket, { servername, context, verify, signal, protocols = ['http/1.1'] }) {
      const startedMs = performance.now();
      return new Promise((done) => {
        const isName = isIP(servername) === 0;
        const secured = connectTls({
          socket,
          secureContext: context,
          rejectUnauthorized: false,
          ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
          ...(isName ? { servername } : {}),
        });
        const finish = (result: Secured | Refused) => {
          signal.removeEventListener('abort', onAbort);
          secured.removeListener('error', onError);
          secured.removeListener('close', onClose);
          if (!result.ok) secured.destroy();
          done(result);
        };
        const since = () => performance.now() - startedMs;
        const onAbort = () =>
          finish({
            ok: false,
            reason: 'timeout',
            message: 'the TLS handshake was not finished in time',
            tlsMs: since(),
          });
        const onError = (error: NodeJS.ErrnoException) =>
          finish({
            ok: false,
            reason: error.code === 'ECONNRESET' ? 'reset' : 'tls_handshake',
            message: `the TLS handshake failed (${error.code ?? error.message})`,
            tlsMs: since(),
          });
        const onClose = () =>
          finish({
            ok: false,
            reason: 'tls_handshake',
            message: 'the connection was closed during the TLS handshake',
            tlsMs: since(),
          });
        secured.once('error', onError);
        secured.once('close', onClose);
        secured.once('secureConnect', () => {
          const problem = verify ? tlsReason(secured, servername) : undefined;
          finish(
            problem === undefined
              ? { ok: true, socket: secured, tlsMs: since() }
              : { ok: false, ...problem, tlsMs: since() },
          );
        });
        if (signal.aborted) onAbort();
        else signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}

function open(address: string, port: number, signal: AbortSignal): Promise<{ ok: true; socket: Socket } | Refused> {
  return new Promise((done) => {
    const socket = connectTcp({ host: address, port, autoSelectFamily: false, noDelay: true });
    const finish = (result: { ok: true; socket: Socket } | Refused) => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.removeListener('connect', onConnect);
      if (!result.ok) socket.destroy();
      done(result);
    };
    const where = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
    const onAbort = () =>
      finish({ ok: false, reason: 'connect_timeout', message: `${where} did not accept the connection in time` });
    const onError = (error: NodeJS.ErrnoException) =>
      finish({
        ok: false,
        reason: connectReason(error.code),
        message: `${where} could not be reached (${error.code ?? error.message})`,
      });
    const onConnect = () => finish({ ok: true, socket });
    socket.once('error', onError);
    socket.once('connect', onConnect);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function connectReason(code: string | undefined): Reason {
  if (code === 'ECONNREFUSED') return 'connect_refused';
  if (code === 'ETIMEDOUT') return 'connect_timeout';
  if (code === 'ECONNRESET') return 'reset';
  return 'connect_unreachable';
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
