import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { OpenPort } from './held-port.ts';
import type { ListenerCounts } from './listener-counts.ts';
import type { ListenerOutlet } from './listener-type.ts';

export interface TcpPortOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Connections that may be open at the same time. */
  readonly connections: number;
  /** How long a connection may be silent, milliseconds. */
  readonly idleMs: number;
  /** Longest line. */
  readonly lineBytes: number;
  readonly counts: ListenerCounts;
  readonly outlet: ListenerOutlet;
  /** Is given whole lines, each with its line feed. */
  readonly onLines: (lines: Buffer) => void;
}

const newline = 0x0a;

/**
 * Opens a port for connections that bring lines. While the outlet has no room they are not read, so that their senders
 * wait. Rejects as `node:net` does.
 */
export function openTcpPort(options: TcpPortOptions): Promise<OpenPort> {
  const { host, port, counts } = options;
  const sockets = new Set<Socket>();
  const server = createServer({ keepAlive: true }, (socket) => {
    sockets.add(socket);
    counts.connections += 1;
    socket.once('close', () => {
      sockets.delete(socket);
      counts.connections -= 1;
    });
    readLines(socket, options);
  });
  server.maxConnections = options.connections;
  server.on('drop', () => {
    counts.refusedConnections += 1;
  });
  return new Promise((resolve, reject) => {
    let fail: (error: Error) => void = reject;
    server.on('error', (error) => fail(error));
    server.listen({ host, port, exclusive: true }, () => {
      const failed = new Promise<Error>((tell) => {
        fail = tell;
      });
      resolve({ place: placeOf(server), failed, close: () => closeAll(server, sockets) });
    });
  });
}

function placeOf(server: Server): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) return 'tcp';
  return `tcp ${isIPv6(address.address) ? `[${address.address}]` : address.address}:${address.port}`;
}

function closeAll(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((done) => {
    // A server that is closed already says so; that is what is wanted.
    server.close(() => done());
    for (const socket of sockets) socket.destroy();
  });
}

function readLines(socket: Socket, { idleMs, lineBytes, counts, outlet, onLines }: TcpPortOptions): void {
  let rest: Buffer = Buffer.alloc(0);
  /** Whether a line that is too long is still under way. */
  let isSkipping = false;
  const take = (chunk: Buffer) => {
    const lastLine = chunk.lastIndexOf(newline);
    if (lastLine === -1) {
      keep(chunk);
    } else {
      const firstLine = isSkipping ? chunk.indexOf(newline) + 1 : 0;
      isSkipping = false;
      const whole = chunk.subarray(firstLine, lastLine + 1);
      const lines = rest.length === 0 ? whole : Buffer.concat([rest, whole]);
      rest = Buffer.alloc(0);
      if (lines.length > 0) counts.guard(() => onLines(lines));
      if (lastLine + 1 < chunk.length) keep(chunk.subarray(lastLine + 1));
    }
  };
  const keep = (part: Buffer) => {
    if (isSkipping) return;
    if (rest.length + part.length <= lineBytes) {
      rest = Buffer.concat([rest, part]);
      return;
    }
    isSkipping = true;
    counts.bad(`the line has more than ${lineBytes} bytes`, rest.toString('utf8', 0, 100));
    rest = Buffer.alloc(0);
  };
  const takeLater = async (chunk: Buffer) => {
    socket.pause();
    // Looked at again each time: others waited too.
    while (!outlet.hasRoom && !socket.destroyed) await outlet.room();
    take(chunk);
    socket.resume().setTimeout(idleMs);
  };
  socket.on('data', (chunk) => {
    if (outlet.hasRoom) take(chunk);
    else void takeLater(chunk);
  });
  // Half a line may be another value; who means it ends it.
  socket.once('close', () => {
    if (rest.length > 0) counts.bad('the connection ended within the line', rest.toString('utf8', 0, 100));
  });
  // A broken connection is not of interest beyond what did not come; 'close' follows.
  socket.on('error', () => undefined);
  socket.setTimeout(idleMs, () => {
    if (socket.isPaused()) return;
    counts.idleConnections += 1;
    socket.destroy();
  });
}
