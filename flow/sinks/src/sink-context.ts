import type { Egress } from '@watchkeeper/guard';
import type { Clock } from '@watchkeeper/kit';
import type { Credential, KafkaConnection, SinkType } from '@watchkeeper/model';
import type { TSchema } from 'typebox';

/** What a sink is given to reach its target. */
export interface SinkContext {
  /** `tenant/name` of the sink, for names that tell sinks apart. */
  readonly sink: string;
  /** The one door to the outside. */
  readonly egress: Egress;
  readonly clock: Clock;
  /** A named credential of the settings; undefined when there is none. */
  readonly credential: (name: string) => Credential | undefined;
  /** The Kafka cluster of the settings; undefined when they name none. */
  readonly kafka: KafkaConnection | undefined;
  /** Folder that files are written below; undefined where this process has none. */
  readonly filesDir: string | undefined;
  /** Longest time of one attempt, milliseconds. */
  readonly timeoutMs: number;
}

/** A sink type as this package runs it. */
export type RunnableSinkType<Options extends TSchema = TSchema> = SinkType<Options, SinkContext>;

/** Says of a value that it is a sink type, and lets its options shape the arguments of its verbs. */
export function defineSinkType<Options extends TSchema>(type: RunnableSinkType<Options>): RunnableSinkType<Options> {
  return type;
}
