import { EventMapping } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';

export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** What can be set for an event log in Kafka, beside how to reach it. */
export type KafkaLogOptions = Static<typeof KafkaLogOptions>;
export const KafkaLogOptions = Type.Object(
  {
    topic: Type.String({
      description: 'Topic of the events; it is created where it is missing',
      pattern: '^[A-Za-z0-9._-]{1,200}$',
      default: 'watchkeeper.events',
    }),
    replicas: Type.Integer({ description: 'Copies of every message', minimum: 1, maximum: 15, default: 3 }),
    minInSyncReplicas: Type.Integer({
      description: 'Copies that must be written before a message counts as stored',
      minimum: 1,
      maximum: 15,
      default: 2,
    }),
    retention: Type.String({
      description: 'How long messages stay in a topic that is created: longer than processors may be away',
      pattern: '^(\\d+(ms|s|m|h|d))+$',
      default: '7d',
    }),
    compression: Type.Unsafe<(typeof compressions)[number]>(
      Type.Union(
        compressions.map((name) => Type.Literal(name)),
        { description: 'How messages are compressed', default: 'zstd' },
      ),
    ),
    mappings: Type.Array(EventMapping, {
      description: 'How messages of others on the topic become events; what fits none becomes a dead letter',
      maxItems: 50,
      default: [],
    }),
    inputs: Type.Array(
      Type.Object(
        {
          topic: Type.String({ pattern: '^[A-Za-z0-9._-]{1,200}$' }),
          mappings: Type.Array(EventMapping, { maxItems: 50, default: [] }),
        },
        { additionalProperties: false },
      ),
      { description: 'Topics of others that are read as well', maxItems: 50, default: [] },
    ),
  },
  { additionalProperties: false, description: 'The event log in Kafka' },
);
