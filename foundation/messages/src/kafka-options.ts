import type { KafkaConnection } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';

const topicName = (description: string, initial: string) =>
  Type.String({ description, pattern: '^[A-Za-z0-9._-]{1,200}$', default: initial });

/** Options of the driver `kafka`. */
export type KafkaMessageOptions = Static<typeof KafkaMessageOptions>;
export const KafkaMessageOptions = Type.Object(
  {
    connection: Type.Unsafe<KafkaConnection>(Type.Object({}, { description: 'How to reach the brokers' })),
    wakeTopic: topicName('Topic of the wake-ups between processes; made where it is missing', 'watchkeeper.wake'),
    topic: topicName('Topic of the notifications; made where it is missing', 'watchkeeper.notifications'),
  },
  { additionalProperties: false },
);
