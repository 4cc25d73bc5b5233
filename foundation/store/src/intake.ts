import { type LoggedEvent, WatchkeeperError } from '@watchkeeper/model';
import type pg from 'pg';

/**
 * The part of a log outside of the database that is stored as one partition of the log within it. Whoever holds the
 * partition gathers what comes and stores it in the transaction that counts it.
 */
export interface Intake {
  /** Events gathered and not stored yet, before repetitions are left out. */
  readonly gathered: number;
  /** Messages that the partition held beyond what was gathered, when it was last asked; null before that. */
  readonly behind: number | null;
  /** Resolves when something was gathered or had to be set aside, at the latest after `withinMs`. */
  gather(withinMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Stores everything gathered until the call, and how far that is, in the caller's transaction; the events that were
   * not stored before, offsets rising by one. More may be gathered meanwhile. When the transaction fails the intake is of
   * no more use: open another.
   */
  store(client: pg.ClientBase): Promise<readonly LoggedEvent[]>;
  /** To be called after the commit of what `store` gave: readers are told. */
  committed(events: readonly LoggedEvent[]): void;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Opens the intake of a partition of the log; undefined where nothing is added to it any more. */
export type OpenIntake = (partition: number) => Promise<Intake | undefined>;

/** A partition of a topic, and where its events are stored. */
export interface IntakePlace {
  readonly topic: string;
  /** Tells topics of one name apart. */
  readonly topicId: string;
  readonly topicPartition: number;
  readonly logPartition: number;
}

export interface IntakePosition {
  readonly nextOffset: number;
  /** True when the topic is another one than before under the same name. */
  readonly isRecreated: boolean;
}

/** Where to go on; a topic that was never read, or is another one than before, begins at `firstOffset`. */
export async function openIntakePosition(
  client: pg.ClientBase,
  { topic, topicId, topicPartition, logPartition }: IntakePlace,
  firstOffset: number,
): Promise<IntakePosition> {
  const { rows: known } = await client.query(
    'select topic_id from intake_positions where topic = $1 and topic_partition = $2',
    [topic, topicPartition],
  );
  const { rows } = await client.query(
    `insert into intake_positions as p (topic, topic_id, topic_partition, log_partition, next_offset)
     values ($1, $2, $3, $4, $5)
     on conflict (topic, topic_partition) do update set
       next_offset = case when p.topic_id = excluded.topic_id then p.next_offset else excluded.next_offset end,
       topic_id = excluded.topic_id
     returning next_offset`,
    [topic, topicId, topicPartition, logPartition, firstOffset],
  );
  return {
    nextOffset: rows[0].next_offset,
    isRecreated: known[0] !== undefined && known[0].topic_id !== '' && known[0].topic_id !== topicId,
  };
}

/**
 * Moves the position in the transaction that stores what was read.
 * @throws WatchkeeperError `position_lost` when another process has moved it: roll back and stop.
 */
export async function advanceIntake(
  client: pg.ClientBase,
  { topic, topicPartition, topicId }: IntakePlace,
  { from, to, skipped }: { readonly from: number; readonly to: number; readonly skipped: number },
): Promise<void> {
  const { rowCount } = await client.query(
    `update intake_positions set next_offset = $5, skipped = skipped + $6, updated_at = now()
     where topic = $1 and topic_partition = $2 and topic_id = $3 and next_offset = $4`,
    [topic, topicPartition, topicId, from, to, skipped],
  );
  if (rowCount === 1) return;
  throw new WatchkeeperError(
    'position_lost',
    `The position in ${topic}/${topicPartition} could not be moved from ${from} to ${to}: another process has taken over. This one stops reading it.`,
    { details: { topic, partition: topicPartition, from, to } },
  );
}

/**
 * The partitions of the log that the partitions of a topic are stored as, index = partition of the topic. Each gets the
 * next free one, once and for ever.
 */
export async function openTopicPlaces(client: pg.ClientBase, topic: string, partitions: number): Promise<number[]> {
  // The lock waits for everybody who stores: a process that starts takes it only where there is something to add.
  const known = await readTopicPlaces(client, topic, partitions);
  if (known.length === partitions) return known;
  await client.query('begin');
  try {
    // Processes that start at the same moment agree.
    await client.query('lock table log_heads in share row exclusive mode');
    await client.query(
      `with fresh as (
         select t.topic_partition, row_number() over (order by t.topic_partition) as place
         from generate_series(0, $2::integer - 1) as t (topic_partition)
         where not exists (select from intake_positions p where p.topic = $1 and p.topic_partition = t.topic_partition)
       ), heads as (
         insert into log_heads (log_partition)
         select (select coalesce(max(log_partition), -1) from log_heads) + place from fresh
       )
       insert into intake_positions (topic, topic_id, topic_partition, log_partition, next_offset)
       select $1, '', topic_partition, (select coalesce(max(log_partition), -1) from log_heads) + place, 0 from fresh`,
      [topic, partitions],
    );
    const places = await readTopicPlaces(client, topic, partitions);
    await client.query('commit');
    return places;
  } catch (error) {
    await Promise.allSettled([client.query('rollback')]);
    throw error;
  }
}

async function readTopicPlaces(client: pg.ClientBase, topic: string, partitions: number): Promise<number[]> {
  const { rows } = await client.query(
    'select log_partition from intake_positions where topic = $1 and topic_partition < $2 order by topic_partition',
    [topic, partitions],
  );
  return rows.map((row) => row.log_partition);
}
