import type { Egress } from '@watchkeeper/guard';
import type { AlertChannelType, Credential } from '@watchkeeper/model';
import type { TSchema } from 'typebox';

/** The mail server of the settings, its password resolved. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly secure: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly from: string;
}

/** What sending is given. */
export interface ChannelContext {
  /** The one door to the outside. */
  readonly egress: Egress;
  /** A named credential of the settings; undefined when there is none. */
  readonly credential: (name: string) => Credential | undefined;
  /** Undefined when the settings name no mail server. */
  readonly mail: MailServer | undefined;
  /** The same for every attempt to deliver the same notification, so that receivers can drop repetitions. */
  readonly deliveryId: string;
  readonly timeoutMs: number;
}

/** A channel type as this package runs it. */
export type RunnableChannelType<Options extends TSchema = TSchema> = AlertChannelType<Options, ChannelContext>;

/** Says of a value that it is a channel type, and lets its options shape the arguments of its verbs. */
export function defineChannelType<Options extends TSchema>(
  type: RunnableChannelType<Options>,
): RunnableChannelType<Options> {
  return type;
}
