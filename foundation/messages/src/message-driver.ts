import type { Clock, Logger } from '@watchkeeper/kit';
import type { CloudEvent, PluginHead } from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';
import type { Static, TSchema } from 'typebox';
import type { Messages } from './messages.ts';

export interface MessageDriverContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Brings notifications to programs outside. */
export interface Carrier {
  /**
   * Resolves when the far end keeps the notification safely. May be called many times at once. When it rejects, or never
   * settles, the notification may have arrived all the same.
   * @throws WatchkeeperError `broker_unavailable`, `broker_refused`
   */
  send(notification: CloudEvent): Promise<void>;
  /** Ends the connection; what is being sent rejects. May be called twice. */
  close(): Promise<void>;
}

/** A plug-in of the kind "message driver". One without `openCarrier` brings wake-ups only. */
export interface MessageDriver<Options extends TSchema = TSchema> extends PluginHead<Options> {
  /**
   * Opens wake-ups between processes. A server that is away is no error: it is tried again, and after every new
   * connection all handlers are called.
   */
  open(options: Static<Options>, context: MessageDriverContext): Messages;
  /** Opens the way for notifications; a server that is away shows when something is sent. */
  openCarrier?(options: Static<Options>, context: MessageDriverContext): Carrier;
}

export function defineMessageDriver<Options extends TSchema>(driver: MessageDriver<Options>): MessageDriver<Options> {
  return driver;
}
