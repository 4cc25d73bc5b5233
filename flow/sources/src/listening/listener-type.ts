import type { LineContext } from '@watchkeeper/formats';
import type { Clock, Logger } from '@watchkeeper/kit';
import type { NewEvent, PluginHead } from '@watchkeeper/model';
import type { Static, TSchema } from 'typebox';
import type { ListenerCounts } from './listener-counts.ts';

/** Where events of a listener go. */
export interface ListenerOutlet {
  /** Takes an event; when there is no room the oldest that waits is dropped and counted. */
  add(event: NewEvent): void;
  /** False when so much waits that a sender which can wait should. */
  readonly hasRoom: boolean;
  /** Resolves once there is room. */
  room(): Promise<void>;
}

export interface ListenerContext {
  /** Whose events they are, and what they get where they do not say it themselves. */
  readonly origin: LineContext;
  readonly outlet: ListenerOutlet;
  readonly counts: ListenerCounts;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface OpenListener {
  /** Where it listens now: `udp 127.0.0.1:8125`. */
  places(): readonly string[];
  /** Takes nothing more, and brings what it holds back to the outlet. */
  close(): Promise<void>;
}

/** A plug-in of the kind "listener": takes what others send to a port. */
export interface ListenerType<Options extends TSchema = TSchema> extends PluginHead<Options> {
  /** Resolves when it listens, or waits for another program to free its port. @throws WatchkeeperError `settings_invalid` */
  open(options: Static<Options>, context: ListenerContext): Promise<OpenListener>;
}

/** Says of a value that it is a listener, and lets its options shape the arguments of its verbs. */
export function defineListener<Options extends TSchema>(type: ListenerType<Options>): ListenerType<Options> {
  return type;
}
