import { Consumer } from '@platformatic/kafka';
import { kafkaOptions } from '@watchkeeper/messages/kafka';
import type { KafkaConnection } from '@watchkeeper/model';
import { type Connection, type Intake, openSession, type Session } from '@watchkeeper/store';
import type { OpenedLog } from '../src/index.ts';

/** Stores what a log in a topic holds, as a processor does, without counting it. */
export class IntakeStorer {
  readonly #log: OpenedLog;
  readonly #topic: string;
  readonly #session: Promise<Session>;
  readonly #ends: Consumer;
  readonly #intakes = new Map<number, Intake>();

  constructor(log: OpenedLog, connection: Connection, { kafka, topic }: { kafka: KafkaConnection; topic: string }) {
    this.#log = log;
    this.#topic = topic;
    this.#session = openSession(connection);
    this.#ends = new Consumer({ ...kafkaOptions(kafka), groupId: 'ends' });
  }

  /** Resolves when everything that was appended before the call is stored. */
  async store(): Promise<void> {
    const session = await this.#session;
    const ends = (await this.#ends.listOffsets({ topics: [this.#topic] })).get(this.#topic) ?? [];
    for (const [partition, end] of ends.entries()) {
      const intake = this.#intakes.get(partition) ?? (await this.#log.openIntake?.(partition));
      if (intake === undefined) continue;
      this.#intakes.set(partition, intake);
      for (;;) {
        const { stored, nextOffset } = await session.write(async (_tx, client) => {
          const events = await intake.store(client);
          const { rows } = await client.query(
            'select next_offset from intake_positions where topic = $1 and topic_partition = $2',
            [this.#topic, partition],
          );
          return { stored: events, nextOffset: rows[0].next_offset as number };
        });
        intake.committed(stored);
        if (nextOffset >= Number(end)) break;
        await intake.gather(1000, new AbortController().signal);
      }
    }
  }

  async close(): Promise<void> {
    for (const intake of this.#intakes.values()) await intake.close();
    await (await this.#session).close();
    await this.#ends.close(true);
  }
}
