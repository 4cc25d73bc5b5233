import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { decodeEventMessage, type NewEvent } from '@watchkeeper/model';

export interface TakenEvent {
  readonly producer: string;
  readonly epoch: number;
  readonly seq: number;
  readonly value: number | null | undefined;
}

/** A server at the border of the process: it takes what it is sent once, or answers as a test says. */
export async function startTakingServer(port = 0) {
  const taken: TakenEvent[] = [];
  const taking: NewEvent[] = [];
  const known = new Set<string>();
  const at = {
    taken,
    /** The same events, whole. */
    events: taking as readonly NewEvent[],
    /** Requests that came. */
    requests: [] as { readonly atMs: number; readonly authorization: string | undefined; readonly bytes: number }[],
    /** Answers instead; false when it does not want to. */
    instead: undefined as ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined,
    port: 0,
    url: '',
    values: () => taken.map(({ value }) => value),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { authorization } = request.headers;
    at.requests.push({ atMs: performance.now(), authorization, bytes: body.length });
    if (at.instead?.(request, response)) return;
    const { batches, problems } = decodeEventMessage(JSON.parse(body.toString('utf8')));
    for (const { producer, epoch, firstSeq, events } of batches)
      events.forEach((event, index) => {
        const identity = `${producer} ${epoch} ${firstSeq + index}`;
        if (known.has(identity)) return;
        known.add(identity);
        taking.push(event);
        taken.push({ producer, epoch, seq: firstSeq + index, value: event.values[0] });
      });
    const refused = problems.map(({ index, code, message }) => ({ index, code, message }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ stored: taken.length, alreadyStored: 0, refused }));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  at.port = (server.address() as { port: number }).port;
  at.url = `http://127.0.0.1:${at.port}`;
  return at;
}
