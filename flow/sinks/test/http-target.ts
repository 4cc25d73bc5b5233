import { createServer, type IncomingMessage, type Server } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface TakenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** An HTTP server that a test may take away and bring back on the same port, and whose answers it decides. */
export async function openHttpTarget() {
  const taken: TakenRequest[] = [];
  let answer: (request: TakenRequest) => { status: number; body?: string | Buffer } = () => ({ status: 204 });
  let server: Server | undefined;
  let port = 0;
  const listen = () =>
    new Promise<void>((done) => {
      server = createServer((request, response) => {
        const parts: Buffer[] = [];
        request.on('data', (part: Buffer) => parts.push(part));
        request.on('end', () => {
          const raw = Buffer.concat(parts);
          const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
          const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
          const { status, body: said = '' } = answer(one);
          if (status < 300) taken.push(one);
          response.writeHead(status).end(said);
        });
      });
      server.listen(port, '127.0.0.1', () => {
        ({ port } = (server as Server).address() as { port: number });
        done();
      });
    });
  await listen();
  const goAway = () =>
    new Promise<void>((done) => {
      server?.closeAllConnections();
      server?.close(() => done());
    });
  return {
    /** Requests that were answered well. */
    taken,
    url: `http://127.0.0.1:${port}`,
    port,
    answer(next: typeof answer) {
      answer = next;
    },
    goAway,
    comeBack: listen,
    close: goAway,
  };
}
export type HttpTarget = Awaited<ReturnType<typeof openHttpTarget>>;
