import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { EventLog, PluginHead } from '@watchkeeper/model';
import type { Connection } from '@watchkeeper/store';
import type { Static, TSchema } from 'typebox';

export interface LogDriverContext {
  readonly connection: Connection;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A plug-in of the kind "log driver": opens an event log that keeps the promises of `EventLog`. */
export interface LogDriver<Options extends TSchema = TSchema> extends PluginHead<Options> {
  open(options: Static<Options>, context: LogDriverContext): Promise<EventLog>;
}

export function defineLogDriver<Options extends TSchema>(driver: LogDriver<Options>): LogDriver<Options> {
  return driver;
}
