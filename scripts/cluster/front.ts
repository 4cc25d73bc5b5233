import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Front {
  close(): Promise<void>;
}

export interface FrontOptions {
  /** Addresses of this machine to listen on, all with the same port. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Ports of the loopback to pass connections on to. */
  readonly backends: readonly number[];
}

/**
 * One address for several API processes, as a load balancer is in front of them elsewhere: each connection goes to the
 * next process that takes it, so one that dies costs its clients no more than connecting again.
 * @throws Error when an address is taken
 */
export async function openFront({ hosts, port, backends }: FrontOptions): Promise<Front> {
  const open = new Set<Socket>();
  let turn = 0;
  const accept = (client: Socket) => {
    turn += 1;
    const order = backends.map((_, index) => backends[(turn + index) % backends.length] as number);
    passOn(client, order, open);
  };
  const servers = await Promise.all(hosts.map((host) => listen(createServer(accept), host, port)));
  return {
    async close() {
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of open) socket.destroy();
      await Promise.all(closed);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/** Joins a client with the first backend of these that takes the connection; without one the client is cut off. */
function passOn(client: Socket, [port, ...others]: readonly number[], open: Set<Socket>): void {
  if (port === undefined) {
    client.destroy();
    return;
  }
  const backend = connect({ host: '127.0.0.1', port });
  let isConnected = false;
  backend.once('connect', () => {
    isConnected = true;
    client.pipe(backend).pipe(client);
  });
  for (const [socket, other] of [
    [client, backend],
    [backend, client],
  ] as const) {
    open.add(socket);
    // A socket that breaks closes as well, and is dealt with there.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      open.delete(socket);
      if (socket === backend && !isConnected && !client.destroyed) passOn(client, others, open);
      else other.destroy();
    });
  }
}
