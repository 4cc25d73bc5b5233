import { type Static, Type } from 'typebox';
import { TlsFiles } from './tls-files.ts';

/** Options of the driver `amqp`; what stands in files and references is read already. */
export type AmqpOptions = Static<typeof AmqpOptions>;
export const AmqpOptions = Type.Object(
  {
    url: Type.String({
      description: 'Address of the broker: amqp://user:password@host:5672/vhost, or amqps:// for TLS',
    }),
    tls: Type.Optional(TlsFiles),
    wakeExchange: Type.String({
      description: 'Topic exchange of the wake-ups between processes',
      minLength: 1,
      default: 'watchkeeper.wake',
    }),
    exchange: Type.String({
      description: 'Durable topic exchange of the notifications; the routing key is the type',
      minLength: 1,
      default: 'watchkeeper.notifications',
    }),
    queue: Type.String({
      description:
        'Durable queue that gets all notifications; empty for none, where receivers bind queues of their own',
      default: 'watchkeeper.notifications',
    }),
  },
  { additionalProperties: false },
);
