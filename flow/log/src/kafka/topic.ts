import { Admin, ConfigResourceTypes } from '@platformatic/kafka';
import { isKafkaError, kafkaOptions, outliving } from '@watchkeeper/messages/kafka';
import { type KafkaConnection, WatchkeeperError } from '@watchkeeper/model';
import { asKafkaError, endsStart } from './kafka-error.ts';

/** A topic as the log needs it. */
export interface WantedTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly replicas: number;
  /** Replicas that must have a message before it counts as stored. */
  readonly minInSyncReplicas: number;
  /** For how long messages stay, milliseconds. */
  readonly retentionMs: number;
}

export interface FoundTopic {
  readonly id: string;
  readonly partitions: number;
}

/**
 * Creates the topic where it is missing, and checks that one that is there keeps what the log promises.
 * @throws WatchkeeperError `log_misconfigured` with what is missing, `log_unavailable`
 */
export async function ensureTopic(connection: KafkaConnection, wanted: WantedTopic): Promise<FoundTopic> {
  const admin = outliving(new Admin(kafkaOptions(connection)));
  try {
    const found = (await describe(admin, wanted.topic)) ?? (await create(admin, wanted));
    check(wanted, found);
    return found;
  } catch (error) {
    throw asKafkaError(error, `preparing the topic "${wanted.topic}"`, connection, endsStart);
  } finally {
    await admin.close();
  }
}

/** A topic that others own: it must be there. @throws WatchkeeperError `log_misconfigured`, `log_unavailable` */
export async function findTopic(connection: KafkaConnection, topic: string): Promise<FoundTopic> {
  const admin = outliving(new Admin(kafkaOptions(connection)));
  try {
    const found = await describe(admin, topic);
    if (found !== undefined) return found;
    throw new WatchkeeperError(
      'log_misconfigured',
      `Kafka has no topic "${topic}". Create it, or take it out of eventLog.kafka.inputs.`,
    );
  } catch (error) {
    throw asKafkaError(error, `looking for the topic "${topic}"`, connection);
  } finally {
    await admin.close();
  }
}

interface DescribedTopic extends FoundTopic {
  readonly replicas: number;
  readonly minInSyncReplicas: number;
}

async function describe(admin: Admin, topic: string): Promise<DescribedTopic | undefined> {
  try {
    // Asking for one that is missing is an error of the library without a code.
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true });
    const found = metadata.topics.get(topic);
    if (found === undefined || found.partitionsCount === 0) return undefined;
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic };
    const [description] = await admin.describeConfigs({
      resources: [{ ...resource, configurationKeys: ['min.insync.replicas'] }],
    });
    const minInSync = description?.configs.find(({ name }) => name === 'min.insync.replicas')?.value;
    return {
      id: found.id,
      partitions: found.partitionsCount,
      replicas: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
      minInSyncReplicas: Number(minInSync ?? 1),
    };
  } catch (error) {
    if (isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
    throw error;
  }
}

async function create(admin: Admin, wanted: WantedTopic): Promise<DescribedTopic> {
  const { topic, partitions, replicas, minInSyncReplicas, retentionMs } = wanted;
  try {
    await admin.createTopics({
      topics: [topic],
      partitions,
      replicas,
      configs: [
        { name: 'min.insync.replicas', value: String(minInSyncReplicas) },
        { name: 'retention.ms', value: String(retentionMs) },
        { name: 'cleanup.policy', value: 'delete' },
        { name: 'unclean.leader.election.enable', value: 'false' },
      ],
    });
  } catch (error) {
    // Another process was faster.
    if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error;
  }
  for (let attempt = 0; attempt < 50; attempt++) {
    const found = await describe(admin, topic);
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new WatchkeeperError('log_unavailable', `Kafka created the topic "${topic}", but does not show it. Try again.`);
}

function check({ topic, partitions, replicas, minInSyncReplicas }: WantedTopic, found: DescribedTopic): void {
  const missing: string[] = [];
  if (found.partitions < partitions)
    missing.push(
      `it has ${found.partitions} partitions, ${partitions} are needed (raise it, or set eventLog.partitions)`,
    );
  if (found.replicas < replicas)
    missing.push(`it has ${found.replicas} replicas, ${replicas} are needed (or set eventLog.kafka.replicas)`);
  if (found.minInSyncReplicas < minInSyncReplicas)
    missing.push(
      `its min.insync.replicas is ${found.minInSyncReplicas}, ${minInSyncReplicas} is needed (or set eventLog.kafka.minInSyncReplicas)`,
    );
  if (missing.length === 0) return;
  throw new WatchkeeperError(
    'log_misconfigured',
    `Kafka topic "${topic}" cannot be the event log: ${missing.join('; ')}.`,
    {
      details: { topic, ...found },
    },
  );
}
