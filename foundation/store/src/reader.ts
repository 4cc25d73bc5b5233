import { type LogPosition, WatchkeeperError } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Db } from './store.ts';
import type { Tables } from './tables.ts';

/** A reader of one partition of the log, as its owner sees it. */
export interface ReaderPosition extends LogPosition {
  readonly epoch: number;
}

/**
 * Takes over a partition for a reader: raises the epoch, so that a former owner that still runs can save nothing
 * more, and tells where to go on.
 */
export async function openReader(db: Db, reader: string, partition: number): Promise<ReaderPosition> {
  const { rows } = await sql<{ epoch: number; log_offset: number; received_us: number }>`
    insert into reader_positions (reader, log_partition, epoch) values (${reader}, ${partition}, 1)
    on conflict (reader, log_partition) do update set epoch = reader_positions.epoch + 1, updated_at = now()
    returning epoch, log_offset, (extract(epoch from received_at) * 1000000)::bigint as received_us`.execute(db);
  const row = rows[0] as (typeof rows)[number];
  return { epoch: row.epoch, offset: row.log_offset, receivedUs: row.received_us };
}

/**
 * Moves a position in the transaction that stores the effects of what was read: after a crash the same events come
 * again and start from the saved position, so nothing is counted twice or lost.
 * @throws WatchkeeperError `position_lost` when another owner has taken over: roll back and stop.
 */
export async function advancePosition(
  tx: Transaction<Tables>,
  reader: string,
  partition: number,
  from: ReaderPosition,
  to: LogPosition,
): Promise<void> {
  const { numAffectedRows } = await sql`
    update reader_positions
    set log_offset = ${to.offset}, received_at = timestamptz 'epoch' + ${to.receivedUs}::bigint * interval '1 microsecond', updated_at = now()
    where reader = ${reader} and log_partition = ${partition} and epoch = ${from.epoch} and log_offset = ${from.offset}`.execute(
    tx,
  );
  if (numAffectedRows !== 1n) {
    throw new WatchkeeperError(
      'position_lost',
      `Reader ${reader} could not move partition ${partition} from ${from.offset} to ${to.offset}: another process has taken over. This one stops reading it.`,
      { details: { reader, partition, from: from.offset, to: to.offset, epoch: from.epoch } },
    );
  }
}

/** How far each reader is behind the end of the log, in events. */
export async function readerLags(
  db: Db,
): Promise<{ reader: string; partition: number; lag: number; updatedAt: Date }[]> {
  const { rows } = await sql<{ reader: string; partition: number; lag: number; updated_at: Date }>`
    select r.reader, r.log_partition as partition, h.last_offset - r.log_offset as lag, r.updated_at
    from reader_positions r join log_heads h using (log_partition) order by 1, 2`.execute(db);
  return rows.map((row) => ({ reader: row.reader, partition: row.partition, lag: row.lag, updatedAt: row.updated_at }));
}
