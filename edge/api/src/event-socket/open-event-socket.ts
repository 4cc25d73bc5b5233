import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { eventMessageLimits, WatchkeeperError } from '@watchkeeper/model';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebSocketServer } from 'ws';
import { keyOf } from '../doors/key-of.ts';
import type { Gate } from '../gate.ts';
import type { ApiDependencies, Caller } from '../handler.ts';
import { noteRefusedFrame } from '../note-refused-body.ts';
import { takeEvents } from '../take-events.ts';
import { closing, EventConnection } from './event-connection.ts';

export const eventSocketPath = '/api/v1/events/socket';

/** Bounds of the event socket, milliseconds and numbers. */
export interface EventSocketLimits {
  readonly connections: number;
  readonly framesUnderWay: number;
  /** A connection through which nothing came for so long is closed. */
  readonly idleMs: number;
  /** How often each client is asked whether it is there, and its key whether it is still valid. */
  readonly pingEveryMs: number;
  /** How long a client has to close when the server stops. */
  readonly closeWithinMs: number;
}

/** A request that asks for an upgrade, and how its connection ends when it is answered otherwise. */
interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly endSocket: () => void;
}

export const eventSocketLimits: EventSocketLimits = {
  ...{ connections: 1000, framesUnderWay: 16, idleMs: 300_000, pingEveryMs: 30_000, closeWithinMs: 2000 },
};

/** Whether a request wants to become a WebSocket of events; every other one with an upgrade is answered as if it had none. */
export function isEventSocket({ headers, url, method }: IncomingMessage): boolean {
  const isWanted = headers.upgrade?.toLowerCase() === 'websocket' && method === 'GET';
  return isWanted && url?.split('?')[0] === eventSocketPath;
}

/**
 * Opens the WebSocket that takes batches of events: one per frame, one answer to each. The upgrade is a request like any
 * other, so limits, metrics and errors are the same; the key is shown there.
 */
export function openEventSocket(
  app: FastifyInstance,
  options: ApiDependencies & { readonly eventSocket?: Partial<EventSocketLimits> },
  gate: Gate,
): void {
  const { clock, logger } = options;
  const limits = { ...eventSocketLimits, ...options.eventSocket };
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: eventMessageLimits.bytes,
  });
  const upgrades = new WeakMap<IncomingMessage, Upgrade>();
  const callers = new WeakMap<FastifyRequest, Caller>();
  const connections = new Map<EventConnection, string>();
  const stop = new AbortController();

  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const endSocket = () => socket.end();
    upgrades.set(request, { socket, head, endSocket });
    socket.on('error', () => socket.destroy());
    // Whatever is answered instead of an upgrade goes over the same connection, which ends with it.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    response.on('finish', endSocket);
    app.routing(request, response);
  });

  app.route({
    method: 'GET',
    url: eventSocketPath,
    onRequest: async (request) => {
      callers.set(request, await gate.admitKey(request, keyOf(request), 'ingest'));
    },
    handler: (request, reply) => {
      const upgrade = upgrades.get(request.raw);
      if (upgrade === undefined)
        throw new WatchkeeperError(
          'upgrade_required',
          `${eventSocketPath} is a WebSocket. Connect to it by a WebSocket client, or send batches to POST /api/v1/events.`,
        );
      if (stop.signal.aborted || connections.size >= limits.connections)
        throw new WatchkeeperError(
          'service_unavailable',
          `This process has ${connections.size} event sockets already, or it stops. Connect again later.`,
        );
      connect(request, reply, upgrade);
      return reply;
    },
  });

  function connect(request: FastifyRequest, reply: FastifyReply, { socket, head, endSocket }: Upgrade): void {
    const caller = callers.get(request) as Caller;
    const key = keyOf(request) ?? '';
    reply.hijack();
    reply.raw.removeListener('finish', endSocket);
    reply.raw.detachSocket(socket as never);
    server.handleUpgrade(request.raw, socket, head, (webSocket) => {
      const sent = { caller, door: eventSocketPath.slice(1), isLines: false };
      const connection = new EventConnection({
        ...{ socket: webSocket, clock, logger, framesUnderWay: limits.framesUnderWay },
        take: (bytes) => takeEvents({ ...sent, bytes }, options),
        onRefused: (frame, error) => noteRefusedFrame(options.refusedInputs, error, { ...sent, frame }),
      });
      connections.set(connection, key);
      void connection.ended.then(() => connections.delete(connection));
      if (stop.signal.aborted) void connection.end(closing.stopping, limits.closeWithinMs);
    });
    // The request is answered, for those who measure it; what follows is no request any more.
    reply.raw.statusCode = 101;
    reply.raw.finished = true;
    reply.raw.emit('finish');
    reply.raw.emit('close');
  }

  const watching = watch();
  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.pause(limits.pingEveryMs, stop.signal);
      if (stop.signal.aborted) return;
      for (const [connection, key] of connections) {
        if (connection.idleMs >= limits.idleMs) void connection.end(closing.idle, limits.closeWithinMs);
        else if (!(await gate.isAdmitted(key, 'ingest'))) void connection.end(closing.notAllowed, limits.closeWithinMs);
        else connection.ping();
      }
    }
  }

  // Before the server stops to listen: what is under way is stored and answered.
  app.addHook('preClose', async () => {
    stop.abort();
    await watching;
    await Promise.all(
      [...connections.keys()].map((connection) => connection.end(closing.stopping, limits.closeWithinMs)),
    );
  });
}
