import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A program that gets events from a sink of the type webhook, and keeps their first values. */
export class ReceivingTarget {
  readonly #server: Server;
  /** First values of the events that came, repeated ones once. */
  readonly values = new Set<number>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ReceivingTarget> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { events } = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
        events: { values: Record<string, number> }[];
      };
      for (const { values } of events) target.values.add(Object.values(values)[0] as number);
      response.writeHead(204).end();
    });
    const target = new ReceivingTarget(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return target;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
