import { type Kafka, startKafka } from '../servers/kafka.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startRabbitMq } from '../servers/rabbitmq.ts';
import type { ClusterMember } from './member.ts';

/** The servers that Watchkeeper works with, each a real one on ports of its own. */
export interface Engines {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly brokers: readonly string[];
  readonly members: readonly ClusterMember[];
  /** Ends them and removes their data. */
  stop(): Promise<void>;
}

const brokerCount = 3;

/** Starts three brokers of Kafka, PostgreSQL and RabbitMQ; when one does not start, those that did are ended. */
export async function startEngines(onProgress: (text: string) => void): Promise<Engines> {
  const named = async <T>(name: string, starting: Promise<T>): Promise<T> => {
    const started = await starting;
    onProgress(`${name} answers`);
    return started;
  };
  const starting = [
    named('PostgreSQL', startPostgres()),
    named('RabbitMQ', startRabbitMq()),
    named(`Kafka with ${brokerCount} brokers`, startKafka({ nodes: brokerCount })),
  ] as const;
  try {
    const [postgres, rabbitmq, kafka] = await Promise.all(starting);
    return {
      databaseUrl: postgres.url,
      amqpUrl: rabbitmq.url,
      brokers: kafka.brokers,
      members: [
        member('postgres', 'the database', placeOf(postgres.url), postgres),
        member('rabbitmq', 'wake-ups, notifications', placeOf(rabbitmq.url), rabbitmq),
        ...brokersOf(kafka),
      ],
      async stop() {
        await Promise.all([rabbitmq.stop(), kafka.stop()]);
        await postgres.stop();
      },
    };
  } catch (error) {
    for (const result of await Promise.allSettled(starting))
      if (result.status === 'fulfilled') await result.value.stop();
    throw error;
  }
}

function brokersOf(kafka: Kafka): ClusterMember[] {
  return kafka.nodes.map((node) => ({
    ...{ name: `kafka-${node.id}`, does: 'the event log', answersOn: node.address },
    get process() {
      return node.process;
    },
    start: () => node.restart(),
  }));
}

function member(
  name: string,
  does: string,
  answersOn: string,
  server: Pick<ClusterMember, 'process' | 'start'>,
): ClusterMember {
  return {
    ...{ name, does, answersOn },
    get process() {
      return server.process;
    },
    start: () => server.start(),
  };
}

/** `postgres://user:password@127.0.0.1:5432/postgres` → `127.0.0.1:5432`. */
function placeOf(url: string): string {
  return new URL(url).host;
}
