import { Admin, type Base, type BaseOptions } from '@platformatic/kafka';
import type { KafkaConnection } from '@watchkeeper/model';
import { secureOptions } from './tls-files.ts';

const mechanisms = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const;

/** What every client of the library is opened with; trying again is our own business. */
export function kafkaOptions({ brokers, clientId, tls, sasl }: KafkaConnection): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5000,
    requestTimeout: 10_000,
    timeout: 10_000,
    metadataMaxAge: 60_000,
    retries: 0,
    ...(tls === undefined ? {} : { tls: secureOptions(tls), tlsServerName: true }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl, mechanism: mechanisms[sasl.mechanism] } }),
  };
}

/**
 * A client that outlives its connections: the library listens to the first error of a connection only, and a second one
 * (a broker that resets a TLS connection while it is being opened tells of two) would end the process.
 */
export function outliving<Client extends Base>(client: Client): Client {
  for (const event of ['client:broker:connect', 'client:broker:failed'] as const)
    client.on(event, ({ connection }) => connection?.on('error', ignoreSecond));
  return client;
}

function ignoreSecond(): void {}

export interface SimpleTopic {
  readonly topic: string;
  /** Left out: as many as the brokers give by themselves. */
  readonly partitions?: number;
  /** For how long messages stay, milliseconds; left out: as long as the brokers say. */
  readonly retentionMs?: number;
}

/** Creates a topic where it is missing, with as many copies as the brokers give by themselves. */
export async function createWhereMissing(connection: KafkaConnection, wanted: SimpleTopic): Promise<void> {
  const { topic, partitions = byBroker, retentionMs } = wanted;
  const admin = outliving(new Admin(kafkaOptions(connection)));
  try {
    const configs = retentionMs === undefined ? [] : [{ name: 'retention.ms', value: String(retentionMs) }];
    await admin.createTopics({ topics: [topic], partitions, replicas: byBroker, configs });
  } catch (error) {
    if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
  } finally {
    await admin.close();
  }
}

/** Stands for the number that the brokers are set to. */
const byBroker = -1;

/** True when an error of the library, or one within it, is this one of the protocol. */
export function isKafkaError(error: unknown, id: string): boolean {
  return everyErrorWithin(error).some((one) => (one as { apiId?: unknown }).apiId === id);
}

/** The reasons at the bottom of nested errors, each once, for people. */
export function kafkaReason(error: unknown): string {
  const texts = everyErrorWithin(error)
    .filter((one) => everyErrorWithin(one).length === 1)
    .map((one) => {
      const { apiId, message } = one as { apiId?: string; message?: string };
      return [apiId, message].filter((part) => part !== undefined && part !== '').join(': ');
    });
  return [...new Set(texts)].slice(0, 3).join('; ') || String(error);
}

function everyErrorWithin(error: unknown): readonly unknown[] {
  const { errors = [], cause } = (error ?? {}) as { errors?: readonly unknown[]; cause?: unknown };
  return [error, ...errors.flatMap(everyErrorWithin), ...(cause instanceof Error ? everyErrorWithin(cause) : [])];
}
