import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog, PluginHead, Series } from '@watchkeeper/model';
import type { Connection, OpenIntake } from '@watchkeeper/store';
import type { Static, TSchema } from 'typebox';

export interface LogDriverContext {
  readonly connection: Connection;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What a driver opens. One that keeps events outside of the database has `openIntake`: the processor then stores what it
 * counts, and readers see what was stored.
 */
export interface OpenedLog extends EventLog {
  readonly openIntake?: OpenIntake;
  /** Those of these series that the log has never stored. @throws WatchkeeperError `database_unavailable` */
  newSeries(given: ReadonlySet<Series>): Promise<ReadonlySet<Series>>;
  /** Of what this process has sent to a log outside of the database. */
  readonly sendStats?: () => SendStats;
}

export interface SendStats {
  /** Events that all in-sync replicas have, since the start. */
  readonly sent: number;
  /** Requests that were repeated. */
  readonly retried: number;
  /** Events that are too large to be sent at all. */
  readonly refused: number;
  /** Events that wait to be sent or acknowledged. */
  readonly waiting: number;
  readonly lastError: string | null;
}

/** A plug-in of the kind "log driver": opens an event log that keeps the promises of `EventLog`. */
export interface LogDriver<Options extends TSchema = TSchema> extends PluginHead<Options> {
  open(options: Static<Options>, context: LogDriverContext): Promise<OpenedLog>;
}

export function defineLogDriver<Options extends TSchema>(driver: LogDriver<Options>): LogDriver<Options> {
  return driver;
}
