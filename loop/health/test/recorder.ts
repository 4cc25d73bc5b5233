import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AlertNotification } from '@watchkeeper/model';

export interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly body: AlertNotification;
}

/** A receiver that keeps every request as it came; what it answers is up to the test. */
export async function openRecorder(answer: (response: ServerResponse) => void = (response) => response.end()) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      requests.push({ headers: request.headers, body: JSON.parse(body) as AlertNotification });
      answer(response);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    requests,
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

export type Recorder = Awaited<ReturnType<typeof openRecorder>>;
