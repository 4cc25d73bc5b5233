import type { Readable } from 'node:stream';
import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type {
  AlertChannelType,
  AnswerOf,
  BodyOf,
  EventLog,
  EventReceipt,
  MonitorType,
  OperationName,
  ParamsOf,
  PluginLoaders,
  QueryOf,
  RefusedInputs,
  Role,
  SinkType,
} from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';
import type { LiveFeed } from './live-feed.ts';

/** Who asks. */
export interface Caller {
  /** Name of the key or session. */
  readonly name: string;
  readonly keyId: string | null;
  readonly role: Role;
  readonly tenantId: number;
  readonly tenant: string;
  /** Operators and administrators see the objects of every tenant. */
  readonly seesAllTenants: boolean;
  readonly kind: 'key' | 'session';
  readonly expiresAt: string | null;
}

/** A body as it came, inflated. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  /** In small letters, without parameters. */
  readonly mediaType: string;
}

/** One request, checked against the schemas of its route. */
export interface Call<N extends OperationName> {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  /** The body of a route that reads it itself; empty elsewhere. */
  readonly received: ReceivedBody;
  readonly caller: Caller;
  /** Version that the change is based on; undefined when none was named. */
  readonly ifMatch: number | undefined;
  /** Streams: where the client was cut off. */
  readonly lastEventId: string | undefined;
  readonly requestId: string;
  readonly remoteAddress: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Sets or clears the session cookie. */
  setSession(token: string | undefined, maxAgeSeconds: number): void;
  /** Secret of the session cookie of this request. */
  readonly sessionToken: string | undefined;
}

export type Answer<N extends OperationName> = N extends 'streamEvents' ? Readable : AnswerOf<N>;
export type Handler<N extends OperationName> = (call: Call<N>, dependencies: ApiDependencies) => Promise<Answer<N>>;
export type Handlers = { [N in OperationName]: Handler<N> };

export interface Product {
  readonly version: string;
  readonly roles: readonly string[];
  readonly startedAt: Date;
  readonly demo: boolean;
  readonly production: boolean;
  /** Where people reach the web app, without a trailing slash. */
  readonly publicUrl: string;
}

/** One number that the process tells about itself at /metrics. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}

export interface ApiDependencies {
  readonly store: Store;
  readonly eventLog: EventLog;
  /** For events that others send. */
  readonly receipt: EventReceipt;
  /** Told what could not be taken. */
  readonly refusedInputs: RefusedInputs;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly liveFeed: LiveFeed;
  readonly monitorTypes: PluginLoaders<MonitorType>;
  readonly channelTypes: PluginLoaders<AlertChannelType>;
  readonly sinkTypes: PluginLoaders<SinkType>;
  readonly sendTest: SendTest;
  readonly product: Product;
  /** Time since this process reached the database again, milliseconds; 0 while it is away, null when it has not been away. */
  readonly databaseBackMs: () => number | null;
}

/** Sends a test notification through a channel as it is described and tells what became of it. */
export type SendTest = (channel: {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly tenant: string;
}) => Promise<AnswerOf<'testAlertChannel'>>;
