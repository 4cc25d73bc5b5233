import { Readable } from 'node:stream';
import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog, LoggedEvent, LogPosition, Outcome } from '@watchkeeper/model';
import { viewOfEvent } from './event-view.ts';

export interface LiveFilter {
  /** Only events of this tenant; every tenant's when undefined. */
  readonly tenant: string | undefined;
  readonly name?: string;
  readonly monitor?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: string;
  readonly outcome?: Outcome;
  readonly reason?: string;
}

export interface LiveFeedOptions {
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shortest time between two batches, milliseconds. Default 1000. */
  readonly batchEveryMs?: number;
  /** Pause after which a silent stream gets a comment, milliseconds. Default 15 000. */
  readonly heartbeatEveryMs?: number;
  /** Most events of a batch; older ones are left out, and the client is told how many. Default 1000. */
  readonly batchEvents?: number;
  /** A client that has not taken this many bytes by the next batch is dropped. Default 4 MiB. */
  readonly waitingBytes?: number;
}

/** Counters since the start of the process. */
export interface LiveFeedFigures {
  readonly clients: number;
  /** Clients that were dropped because they did not take what was sent. */
  readonly droppedClients: number;
  /** Events that were left out of batches. */
  readonly leftOutEvents: number;
}

/** Events a reader of a batch takes from a partition at once. */
const readLimit = 5000;
/** A client that comes back is sent at most this many missed events. */
const resumeLimit = 5000;
/** Places of the log that are remembered, one a batch: how far back a client may have been cut off. */
const rememberedPlaces = 1000;

interface Client {
  readonly filter: LiveFilter;
  readonly stream: Readable;
  pending: LoggedEvent[];
  leftOut: number;
  hasMissedUnknown: boolean;
  /** The last batch that it saw before it was cut off; what it missed is read in the next round. */
  resumeAfter: string | undefined;
  sentAtMs: number;
}

/**
 * Events as they arrive, for the streams of this process. While anybody listens the log is read once and fanned out;
 * nothing is read while nobody does. A stream is text in the form of server-sent events (WHATWG HTML 9.2):
 *
 * - `event`: a JSON array of events, at most one a second; its id resumes the stream after it
 * - `states`: states changed, read them again
 * - `left-out`: `{"count": n}` events that fitted were not sent because there were too many; null when a client comes
 *   back and nobody knows how many it missed
 */
export class LiveFeed {
  readonly #options: Required<LiveFeedOptions>;
  readonly #clients = new Set<Client>();
  readonly #stop = new AbortController();
  readonly #unsubscribe: () => void;
  #positions: LogPosition[] = [];
  /** Where the feed stood after its last batches, oldest first. */
  #places: (readonly LogPosition[])[] = [];
  #running: Promise<void> | undefined;
  #areStatesChanged = false;
  #wake = new AbortController();
  #isFailing = false;
  #droppedClients = 0;
  #leftOutEvents = 0;

  constructor(options: LiveFeedOptions) {
    this.#options = {
      batchEveryMs: 1000,
      heartbeatEveryMs: 15_000,
      batchEvents: 1000,
      waitingBytes: 4 * 1024 * 1024,
      ...options,
    };
    this.#unsubscribe = options.messages.subscribe('states', () => {
      this.#areStatesChanged = true;
      this.#wake.abort();
    });
  }

  get figures(): LiveFeedFigures {
    return {
      clients: this.#clients.size,
      droppedClients: this.#droppedClients,
      leftOutEvents: this.#leftOutEvents,
    };
  }

  /** Opens a stream. It ends with `close`, or when it is destroyed. `lastEventId` is the id of the last batch that was seen. */
  open(filter: LiveFilter, lastEventId?: string): Readable {
    const stream = new Readable({ read() {}, highWaterMark: this.#options.waitingBytes });
    const client: Client = {
      filter,
      stream,
      pending: [],
      leftOut: 0,
      hasMissedUnknown: false,
      resumeAfter: lastEventId,
      sentAtMs: this.#options.clock.nowMs(),
    };
    stream.once('close', () => this.#clients.delete(client));
    stream.push(': open\nretry: 2000\n\n');
    if (this.#stop.signal.aborted) {
      stream.push(null);
      return stream;
    }
    this.#clients.add(client);
    this.#running ??= this.#run();
    return stream;
  }

  /** Ends all streams. May be called twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    for (const { stream } of this.#clients) stream.push(null);
    this.#clients.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, eventLog, batchEveryMs } = this.#options;
    const { signal } = this.#stop;
    this.#positions = [];
    this.#areStatesChanged = false;
    while (this.#clients.size > 0 && !signal.aborted) {
      const startedAtMs = clock.nowMs();
      this.#wake = new AbortController();
      await this.#read();
      this.#remember();
      for (const client of this.#clients)
        if (client.resumeAfter !== undefined) await this.#resume(client, client.resumeAfter);
      this.#flush();
      await clock.pause(startedAtMs + batchEveryMs - clock.nowMs(), signal);
      await eventLog.waitForAppend(batchEveryMs, AbortSignal.any([signal, this.#wake.signal]));
    }
    this.#running = undefined;
  }

  /** Takes what is new and gives it to whom it fits. A failure is told once; the next round goes on from the same place. */
  async #read(): Promise<void> {
    const { eventLog, logger } = this.#options;
    try {
      if (this.#positions.length === 0) this.#positions = [...(await eventLog.ends())];
      for (const partition of this.#positions.keys()) {
        for (let isMore = true; isMore; ) {
          const { events } = await eventLog.read(partition, this.#positions[partition] as LogPosition, readLimit);
          const last = events.at(-1);
          if (last !== undefined) this.#positions[partition] = { offset: last.offset, receivedUs: last.receivedUs };
          for (const event of events) for (const client of this.#clients) this.#offer(client, event);
          isMore = events.length === readLimit && !this.#stop.signal.aborted;
        }
      }
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) logger.warn({ err: error }, 'live events cannot be read from the log; it is tried again');
      this.#isFailing = true;
    }
  }

  #offer(client: Client, event: LoggedEvent): void {
    if (!fits(client.filter, event)) return;
    client.pending.push(event);
    if (client.pending.length >= 2 * this.#options.batchEvents) this.#trim(client);
  }

  /** Keeps the newest events of a batch and counts the others. */
  #trim(client: Client): void {
    const excess = client.pending.length - this.#options.batchEvents;
    if (excess <= 0) return;
    client.pending = client.pending.slice(excess);
    client.leftOut += excess;
    this.#leftOutEvents += excess;
  }

  #flush(): void {
    const id = idOf(this.#positions);
    const texts = new Map<LoggedEvent, string>();
    const areStatesChanged = this.#areStatesChanged;
    this.#areStatesChanged = false;
    for (const client of this.#clients) {
      if (this.#isTooSlow(client)) continue;
      const text = this.#batchOf(client, id, texts);
      this.#send(client, areStatesChanged ? `event: states\ndata: {}\n\n${text}` : text);
    }
  }

  #batchOf(client: Client, id: string, texts: Map<LoggedEvent, string>): string {
    this.#trim(client);
    let text = '';
    if (client.hasMissedUnknown) text += 'event: left-out\ndata: {"count":null}\n\n';
    if (client.leftOut > 0) text += `event: left-out\ndata: {"count":${client.leftOut}}\n\n`;
    if (client.pending.length > 0) {
      const events = client.pending.map((event) => {
        const known = texts.get(event) ?? JSON.stringify(viewOfEvent(event));
        texts.set(event, known);
        return known;
      });
      text += `event: event\nid: ${id}\ndata: [${events.join(',')}]\n\n`;
    }
    client.pending = [];
    client.leftOut = 0;
    client.hasMissedUnknown = false;
    const isSilent = this.#options.clock.nowMs() - client.sentAtMs >= this.#options.heartbeatEveryMs;
    return text === '' && isSilent ? `: still here\nid: ${id}\n\n` : text;
  }

  #send(client: Client, text: string): void {
    if (text === '') return;
    client.sentAtMs = this.#options.clock.nowMs();
    client.stream.push(text);
  }

  #isTooSlow(client: Client): boolean {
    const { waitingBytes, logger } = this.#options;
    if (client.stream.readableLength <= waitingBytes) return false;
    this.#droppedClients += 1;
    logger.warn(
      { reason: 'slow_client', waitingBytes: client.stream.readableLength, dropped: this.#droppedClients },
      'a live stream was closed: its client does not take what is sent',
    );
    this.#clients.delete(client);
    client.stream.destroy();
    return true;
  }

  #remember(): void {
    if (this.#positions.length === 0) return;
    const newest = this.#places.at(-1);
    if (newest !== undefined && idOf(newest) === idOf(this.#positions)) return;
    this.#places.push([...this.#positions]);
    if (this.#places.length > 2 * rememberedPlaces) this.#places = this.#places.slice(-rememberedPlaces);
  }

  /**
   * Puts what a client missed, up to where the feed stands now, in the place of what it has got so far. Only this
   * process knows when the log took the events of a place, so a client of another one is told what it missed.
   */
  async #resume(client: Client, lastEventId: string): Promise<void> {
    client.resumeAfter = undefined;
    const seen = offsetsOf(lastEventId);
    const now = this.#positions;
    if (seen?.length !== now.length || now.some(({ offset }, partition) => offset < (seen[partition] as number)))
      return;
    const count = now.reduce((sum, { offset }, partition) => sum + offset - (seen[partition] as number), 0);
    const place = this.#places.findLast((known) =>
      known.every(({ offset }, partition) => offset <= (seen[partition] as number)),
    );
    if (place === undefined || count > resumeLimit) {
      client.hasMissedUnknown = count > 0;
      return;
    }
    try {
      const events: LoggedEvent[] = [];
      for (const [partition, until] of now.entries()) {
        const from = { offset: seen[partition] as number, receivedUs: (place[partition] as LogPosition).receivedUs };
        events.push(...(await this.#between(partition, from, until)));
      }
      client.pending = events.filter((event) => fits(client.filter, event));
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'a live stream could not be resumed; it goes on with what is new');
    }
  }

  async #between(partition: number, from: LogPosition, until: LogPosition): Promise<LoggedEvent[]> {
    const found: LoggedEvent[] = [];
    let at = from;
    while (at.offset < until.offset) {
      const { events } = await this.#options.eventLog.read(
        partition,
        at,
        Math.min(readLimit, until.offset - at.offset),
      );
      const last = events.at(-1);
      if (last === undefined) break;
      found.push(...events);
      at = { offset: last.offset, receivedUs: last.receivedUs };
    }
    return found;
  }
}

function fits(filter: LiveFilter, { series, outcome, reason }: LoggedEvent): boolean {
  return (
    (filter.tenant === undefined || filter.tenant === series.tenant) &&
    (filter.name === undefined || filter.name === series.name) &&
    (filter.monitor === undefined || filter.monitor === series.source) &&
    (filter.service === undefined || filter.service === series.service) &&
    (filter.environment === undefined || filter.environment === series.environment) &&
    (filter.zone === undefined || filter.zone === series.zone) &&
    (filter.outcome === undefined || filter.outcome === outcome) &&
    (filter.reason === undefined || filter.reason === reason)
  );
}

/** The offset of every partition, joined by commas. */
function idOf(positions: readonly LogPosition[]): string {
  return positions.map(({ offset }) => offset).join(',');
}

function offsetsOf(id: string): number[] | undefined {
  return /^\d{1,15}(,\d{1,15}){0,63}$/.test(id) ? id.split(',').map(Number) : undefined;
}
