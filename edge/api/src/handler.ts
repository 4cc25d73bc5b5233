import type { Clock, Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import type { AnswerOf, BodyOf, EventLog, OperationName, ParamsOf, QueryOf, Role } from '@watchkeeper/model';
import type { Store } from '@watchkeeper/store';

export interface Caller {
  readonly name: string;
  readonly keyId: string | null;
  readonly role: Role;
  readonly tenantId: number;
  readonly tenant: string;
  readonly seesAllTenants: boolean;
}
export interface Call<N extends OperationName> {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  readonly caller: Caller;
  readonly ifMatch: number | undefined;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly signal: AbortSignal;
}
export type Handler<N extends OperationName> = (call: Call<N>, dependencies: ApiDependencies) => Promise<AnswerOf<N>>;
export type Handlers = { [N in OperationName]: Handler<N> };
export interface ApiDependencies {
  readonly store: Store;
  readonly eventLog: EventLog;
  readonly messages: Messages;
  readonly clock: Clock;
  readonly logger: Logger;
}
