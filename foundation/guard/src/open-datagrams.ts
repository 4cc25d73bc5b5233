import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import type { Refused } from './refused.ts';

export interface OpenDatagrams {
  readonly ok: true;
  readonly address: string;
  /** Hands a datagram to the network; nobody says whether it arrives. Rejects when the network does not take it. */
  send(datagram: Uint8Array): Promise<void>;
  /** May be called twice. */
  close(): void;
}

/** A UDP socket for one address. A target that refuses (ICMP) makes the next `send` fail. */
export function openDatagrams(address: string, port: number, signal: AbortSignal): Promise<OpenDatagrams | Refused> {
  return new Promise((done) => {
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
    let failure: Error | undefined;
    let isClosed = false;
    const close = () => {
      if (isClosed) return;
      isClosed = true;
      socket.close();
    };
    const refuse = (message: string) => {
      signal.removeEventListener('abort', onAbort);
      close();
      done({ ok: false, reason: 'connect_unreachable', message, address });
    };
    const onAbort = () => refuse(`no way to ${address}:${port} was found in time`);
    socket.on('error', (error) => {
      failure = error;
      refuse(`${address}:${port} could not be reached (${(error as NodeJS.ErrnoException).code ?? error.message})`);
    });
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      done({
        ok: true,
        address,
        send: (datagram) =>
          new Promise((resolve, reject) => {
            if (failure !== undefined || isClosed) return reject(failure ?? new Error('the socket is closed'));
            socket.send(datagram, (error) => (error === null ? resolve() : reject(error)));
          }),
        close,
      });
    });
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.connect(port, address);
  });
}
