import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Logger } from '@watchkeeper/kit';
import { type CloudEvent, cloudEventContentType, WatchkeeperError } from '@watchkeeper/model';
import { AMQPChannelError, type AMQPError, Connection, type Publisher } from 'rabbitmq-client';
import { AmqpOptions } from '../amqp-options.ts';
import { HandlersByTopic } from '../handlers-by-topic.ts';
import { type Carrier, defineMessageDriver, type MessageDriverContext } from '../message-driver.ts';
import type { Messages } from '../messages.ts';
import { secureOptions } from '../tls-files.ts';
import { WakeSender } from '../wake-sender.ts';

export default defineMessageDriver({
  name: 'amqp',
  summary: 'Wake-ups and notifications by a RabbitMQ server.',
  options: AmqpOptions,
  open: openWakes,
  openCarrier: (options, context) => new AmqpCarrier(options, context),
});

/** Wake-ups that were received and not handled yet; handling takes no time, so few are enough. */
const prefetchCount = 100;
/** Longest wait for a connection to end in order, milliseconds; then it is cut. */
const closeWithinMs = 2000;

/** Every process has a queue of its own that lives as long as its connection; a lost one is made again. */
function openWakes(options: AmqpOptions, { clock, logger }: MessageDriverContext): Messages {
  const { wakeExchange: exchange } = options;
  const handlers = new HandlersByTopic();
  const connection = connect(options, { purpose: 'wake-ups', logger });
  const exchanges = [{ exchange, type: 'topic', durable: true }];
  const consumer = connection.createConsumer(
    {
      queueOptions: { exclusive: true, autoDelete: true },
      exchanges,
      queueBindings: [{ exchange, routingKey: '#' }],
      qos: { prefetchCount },
      requeue: false,
    },
    ({ routingKey }) => handlers.call(routingKey),
  );
  consumer.on('ready', () => handlers.callAll());
  consumer.on('error', (error: unknown) => {
    logger.warn({ err: error }, 'wake-ups cannot be received from RabbitMQ; it is tried again');
  });
  const publisher = connection.createPublisher({ exchanges });
  const sender = new WakeSender({
    send: (topic) =>
      publisher.send({ exchange, routingKey: topic }, Buffer.alloc(0)).catch((error: unknown) => {
        throw unavailable(`wake-up "${topic}"`, options, error);
      }),
    clock,
    logger,
  });
  let closing: Promise<void> | undefined;
  return {
    publish: async (topic) => sender.add(topic),
    subscribe: (topic, handler) => handlers.add(topic, handler),
    close() {
      closing ??= (async () => {
        await sender.close();
        await end(connection, clock, [consumer, publisher]);
      })();
      return closing;
    },
  };
}

/** Persistent messages with publisher confirms; what the broker has confirmed survives its restart. */
class AmqpCarrier implements Carrier {
  readonly #options: AmqpOptions;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #returned = new Set<string>();
  #publisher: Publisher;
  #closing: Promise<void> | undefined;

  constructor(options: AmqpOptions, { clock, logger }: MessageDriverContext) {
    this.#options = options;
    this.#clock = clock;
    this.#connection = connect(options, { purpose: 'notifications', logger });
    this.#publisher = this.#createPublisher();
  }

  async send(notification: CloudEvent): Promise<void> {
    const { exchange, queue } = this.#options;
    const { id, type } = notification;
    const publisher = this.#publisher;
    try {
      await publisher.send(
        {
          ...{ exchange, routingKey: type, messageId: id, type, contentType: cloudEventContentType },
          durable: true,
          // With a queue of ours somebody always takes it; without one, what nobody has bound is meant for nobody.
          mandatory: queue !== '',
        },
        Buffer.from(JSON.stringify(notification)),
      );
    } catch (error) {
      const { message, code } = error as AMQPError;
      const isClosed = code === 'CLOSED' || code === 'CH_CLOSE';
      const isRefused = (error instanceof AMQPChannelError && !isClosed) || code === 'NACK';
      throw isRefused
        ? refused(notification, message, error)
        : unavailable(`notification ${type}`, this.#options, error, { id, type });
    }
    // The broker returns a message before it confirms it; the client hands that over a turn later.
    await turn();
    if (!this.#returned.delete(id)) return;
    // Somebody has deleted queue or binding: they are made again for the next attempt.
    if (publisher === this.#publisher) {
      this.#publisher = this.#createPublisher();
      await publisher.close();
    }
    throw refused(notification, `no queue is bound to exchange ${exchange}`);
  }

  close(): Promise<void> {
    this.#closing ??= end(this.#connection, this.#clock, [this.#publisher]);
    return this.#closing;
  }

  #createPublisher(): Publisher {
    const { exchange, queue } = this.#options;
    const publisher = this.#connection.createPublisher({
      confirm: true,
      exchanges: [{ exchange, type: 'topic', durable: true }],
      ...(queue === ''
        ? {}
        : { queues: [{ queue, durable: true }], queueBindings: [{ exchange, queue, routingKey: '#' }] }),
    });
    publisher.on('basic.return', ({ messageId }) => this.#returned.add(messageId ?? ''));
    return publisher;
  }
}

function unavailable(what: string, { url }: AmqpOptions, cause: unknown, details = {}): WatchkeeperError {
  return new WatchkeeperError(
    'broker_unavailable',
    `RabbitMQ at ${placeOf(url)} could not be reached for ${what} (${(cause as Error).message}). It is tried again; look whether it runs if this lasts.`,
    { cause, details },
  );
}

function refused({ id, type }: CloudEvent, message: string, cause?: unknown): WatchkeeperError {
  return new WatchkeeperError(
    'broker_refused',
    `RabbitMQ did not take notification ${type} (${message}). It is tried again; look at exchange, queue and permissions there.`,
    { cause, details: { id, type } },
  );
}

/** A connection that is opened again whenever it is lost. @throws WatchkeeperError `settings_invalid` */
function connect(
  { url, tls }: AmqpOptions,
  { purpose, logger }: { readonly purpose: string; readonly logger: Logger },
): Connection {
  const parsed = URL.parse(url);
  if (parsed === null || !/^amqps?:$/.test(parsed.protocol)) {
    throw new WatchkeeperError(
      'settings_invalid',
      'What messages.amqp.url refers to is no address of RabbitMQ. Write amqp://user:password@host:5672/vhost, or amqps:// for TLS.',
    );
  }
  const connection = new Connection({
    url,
    ...(tls === undefined ? {} : { tls: secureOptions(tls) }),
    connectionName: `watchkeeper ${purpose}`,
    heartbeat: 10,
    acquireTimeout: 3000,
    connectionTimeout: 5000,
    retryLow: 200,
    retryHigh: 5000,
    noDelay: true,
  });
  const place = placeOf(url);
  connection.on('error', (error: unknown) => {
    logger.warn({ err: error, place }, `the connection to RabbitMQ for ${purpose} was lost; it is opened again`);
  });
  connection.on('connection.blocked', (reason) => {
    logger.warn({ reason, place }, 'RabbitMQ takes nothing for now: it is short of memory or disk');
  });
  return connection;
}

const placeOf = (url: string) => URL.parse(url)?.host ?? 'an unknown place';

/** Ends what stands on a connection and then itself; cuts it where that takes too long. */
async function end(connection: Connection, clock: Clock, parts: readonly { close(): Promise<void> }[]): Promise<void> {
  if (!connection.ready) connection.unsafeDestroy();
  const isEnded = new AbortController();
  const inOrder = async () => {
    await Promise.all(parts.map((part) => part.close()));
    await connection.close();
  };
  await Promise.race([inOrder(), clock.pause(closeWithinMs, isEnded.signal)]);
  isEnded.abort();
  connection.unsafeDestroy();
}
