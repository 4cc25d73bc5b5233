import type { Server } from 'node:net';
import { Gauge, type Registry } from 'prom-client';

/** Open connections of the servers of this process. */
export class OpenConnections {
  readonly #servers = new Set<Server>();

  constructor(registry: Registry) {
    const servers = this.#servers;
    new Gauge({
      name: 'http_connections_open',
      help: 'Open connections of the HTTP server',
      registers: [registry],
      async collect() {
        const counts = await Promise.all([...servers].map(connectionsOf));
        this.set(counts.reduce((sum, count) => sum + count, 0));
      },
    });
  }

  add(server: Server): void {
    this.#servers.add(server);
    server.once('close', () => this.#servers.delete(server));
  }
}

/** @throws Error of the server, which the registry hands on to whoever asks for the metrics */
function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
