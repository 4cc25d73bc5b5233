import type { LineContext } from '@watchkeeper/formats';
import type { Clock, Logger } from '@watchkeeper/kit';
import type { EventLog, EventReceipt, InputSender, RefusedInputs } from '@watchkeeper/model';
import { EventSender } from '../event-sender.ts';
import * as listenerTypes from '../listeners/index.ts';
import { ListenerCounts } from './listener-counts.ts';
import type { ListenerType, OpenListener } from './listener-type.ts';

export interface ListenersOptions {
  readonly eventLog: Pick<EventLog, 'openProducer'>;
  /** Through which events come in; it refuses too many new series. */
  readonly receipt: Pick<EventReceipt, 'takeNumbered'>;
  /** Told what could not be read. */
  readonly refusedInputs: RefusedInputs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this process; no other one has it at the same time. */
  readonly holder: string;
  /** Whose the events are, and what they get where they do not say it themselves. */
  readonly origin: LineContext;
  /** By name of the listener, as their schemas accept them; one with `enabled: false` is not opened. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Events of each listener that are kept while the log is away. */
  readonly bufferEvents: number;
}

/** Since the start of the process. */
export interface ListenerStats {
  readonly name: string;
  /** Where it listens now: `udp 127.0.0.1:8125`. */
  readonly places: readonly string[];
  readonly datagrams: number;
  /** Datagrams that the system dropped since nobody read them in time; null where it does not say. */
  readonly lostDatagrams: number | null;
  /** Metrics and lines that were understood, and that were not. */
  readonly lines: number;
  readonly unreadable: number;
  readonly refusedNames: number;
  /** Open now. */
  readonly connections: number;
  readonly refusedConnections: number;
  readonly idleConnections: number;
  /** Events that the log has, that it refused for good, that were dropped since it was away for long, that wait. */
  readonly stored: number;
  readonly refused: number;
  readonly dropped: number;
  readonly waiting: number;
}

export interface Listeners {
  stats(): readonly ListenerStats[];
  /** Takes nothing more, and waits until what was taken is stored, a few seconds at most. */
  drain(): Promise<void>;
}

/** Longest wait for the log at the end, milliseconds. */
const storeWithinMs = 5000;

interface Running {
  readonly name: string;
  readonly counts: ListenerCounts;
  readonly sender: EventSender;
  readonly listener: OpenListener;
}

/** Opens every listener that is wanted. A port that another program has does not keep the others from starting. */
export async function startListeners(given: ListenersOptions): Promise<Listeners> {
  const running: Running[] = [];
  const drain = async () => {
    await Promise.all(running.map(({ listener }) => listener.close()));
    await Promise.all(running.map(({ sender }) => sender.close(storeWithinMs)));
  };
  try {
    for (const [name, type] of Object.entries<ListenerType>(listenerTypes)) {
      const options = given.options[name];
      if ((options as { readonly enabled: boolean }).enabled) running.push(await open(name, type, options, given));
    }
  } catch (error) {
    await drain();
    throw error;
  }
  return { stats: () => running.map(statsOf), drain };
}

async function open(name: string, type: ListenerType, options: unknown, given: ListenersOptions): Promise<Running> {
  const { clock, logger, holder, origin, bufferEvents, refusedInputs } = given;
  const from: InputSender = { door: name, tenant: origin.tenant, keyId: null, name: '' };
  const eventLog: Pick<EventLog, 'openProducer' | 'append'> = {
    openProducer: (producer) => given.eventLog.openProducer(producer),
    append: (batch) => given.receipt.takeNumbered(batch, from),
  };
  const producer = `listener/${holder}/${name}`;
  const sender = new EventSender({ eventLog, clock, logger, producer, bufferEvents });
  const counts = new ListenerCounts(from, { clock, logger, refusedInputs });
  const listener = await type.open(options as never, { origin, outlet: sender, counts, clock, logger });
  return { name, counts, sender, listener };
}

function statsOf({ name, counts, sender, listener }: Running): ListenerStats {
  const { datagrams, lostDatagrams, lines, unreadable, refusedNames } = counts;
  const { connections, refusedConnections, idleConnections } = counts;
  return {
    ...{ name, places: listener.places(), datagrams, lostDatagrams, lines, unreadable, refusedNames },
    ...{ connections, refusedConnections, idleConnections },
    ...{ stored: sender.sent, refused: sender.refused, dropped: sender.dropped, waiting: sender.waiting },
  };
}
