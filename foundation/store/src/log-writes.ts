import { failpoint } from '@watchkeeper/kit';
import type { CheckSlot, Delivery, LogPosition } from '@watchkeeper/model';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { copyHeader, copyTrailer, type EncodedRows, patchRow, storedColumns } from './event-rows.ts';
import { type ProducerMark, takeNewer } from './producer-mark.ts';
import { asStoreError, type Connection, clientConfig, idleInTransactionMs, newClient } from './store.ts';

/** One producer's rows, encoded and waiting for a place in the log. */
export interface PendingRows {
  readonly producerId: number;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly partition: number;
  readonly rows: EncodedRows;
  readonly count: number;
  /** Check slot of row i, where it has one, and whose it is. */
  readonly slots: readonly (OwnedSlot | undefined)[];
  /** Rows that must not be stored: their series was refused. They count as sent. */
  readonly without?: ReadonlySet<number>;
  /** What they are a delivery of, where they came from a client without identity. */
  readonly delivery?: Delivery | undefined;
}

/** A slot counts once in a tenant: what others send takes nobody's place. */
export interface OwnedSlot extends CheckSlot {
  readonly tenantId: number;
}

export type CommitOutcome =
  | { readonly kind: 'fenced'; readonly epoch: number }
  | {
      readonly kind: 'committed';
      /** Offset of row i; 0 where the row was stored before. */
      readonly offsets: readonly number[];
      readonly receivedUs: number;
      readonly stored: number;
    };

/** Opens a connection for a lane of the log: nothing else runs on it. */
export async function openLogClient(connection: Connection): Promise<pg.Client> {
  const client = newClient({
    ...clientConfig(connection),
    options: `-c idle_in_transaction_session_timeout=${idleInTransactionMs} -c lock_timeout=15000 -c timezone=UTC -c synchronous_commit=on`,
  });
  try {
    await client.connect();
  } catch (error) {
    throw asStoreError(error);
  }
  return client;
}

/** Makes sure that the heads exist; a log that already has more partitions keeps them. Returns their number. */
export async function openHeads(client: pg.ClientBase, atLeast: number): Promise<number> {
  await client.query('insert into log_heads (log_partition) select generate_series(0, $1 - 1) on conflict do nothing', [
    atLeast,
  ]);
  const { rows } = await client.query<{ count: number }>('select count(*) as count from log_heads');
  return Number(rows[0]?.count);
}

/** Registers a new start of a producer: raises its epoch, so that older starts are fenced. */
export async function openProducerRow(client: pg.ClientBase, name: string): Promise<{ id: number; epoch: number }> {
  const { rows } = await client.query<{ id: number; epoch: number }>(
    `insert into producers (name, epoch) values ($1, 1)
     on conflict (name) do update set epoch = producers.epoch + 1, last_seq = 0, missing = '{}', updated_at = now()
     returning id, epoch`,
    [name],
  );
  return rows[0] as { id: number; epoch: number };
}

/** The row of a producer that gives its own epochs, such as one in a zone without access to the database. */
export async function producerRow(client: pg.ClientBase, name: string): Promise<{ id: number; epoch: number }> {
  await client.query('insert into producers (name) values ($1) on conflict (name) do nothing', [name]);
  const { rows } = await client.query<{ id: number; epoch: number }>(
    'select id, epoch from producers where name = $1',
    [name],
  );
  return rows[0] as { id: number; epoch: number };
}

export async function readHeads(client: pg.ClientBase): Promise<LogPosition[]> {
  const { rows } = await client.query(
    'select log_partition, last_offset, (extract(epoch from received_at) * 1000000)::bigint as received_us from log_heads order by log_partition',
  );
  return rows.map((row) => ({ offset: row.last_offset, receivedUs: row.received_us }));
}

/**
 * Stores a group in one transaction:
 * lock the producers, drop what is not newer; claim check slots and deliveries, drop what is claimed; lock the partition
 * heads in order and move them on; patch offsets into the encoded rows; COPY; move the producers on; commit.
 * Locks are always taken in this order and sorted within each step, so groups of other processes cannot deadlock.
 */
export async function commitGroup(
  client: pg.ClientBase,
  group: readonly PendingRows[],
): Promise<readonly CommitOutcome[]> {
  await client.query('begin');
  try {
    const outcomes = await storeGroup(client, group);
    failpoint('log.before-commit');
    await client.query('commit');
    failpoint('log.after-commit');
    return outcomes;
  } catch (error) {
    // When the rollback fails too the connection is lost, and with it the transaction; the first error says why.
    await Promise.allSettled([client.query('rollback')]);
    throw error;
  }
}

/** The steps of `commitGroup` within a transaction of the caller. */
export async function storeGroup(
  client: pg.ClientBase,
  group: readonly PendingRows[],
): Promise<readonly CommitOutcome[]> {
  const { marks, accepted } = await acceptNewer(client, group);
  await claimSlots(client, group, accepted);
  await claimDeliveries(client, group, accepted);

  const perPartition = new Map<number, number>();
  accepted.forEach((rows, index) => {
    const partition = group[index]?.partition as number;
    if (rows !== undefined && rows.length > 0)
      perPartition.set(partition, (perPartition.get(partition) ?? 0) + rows.length);
  });
  const heads = await moveHeads(client, perPartition);

  const chunks: Buffer[] = [];
  const outcomes = group.map((pending, index): CommitOutcome => {
    const rows = accepted[index];
    if (rows === undefined) return { kind: 'fenced', epoch: pending.epoch };
    const offsets = new Array<number>(pending.count).fill(0);
    const head = heads.get(pending.partition);
    if (head === undefined) return { kind: 'committed', offsets, receivedUs: 0, stored: 0 };
    for (const row of rows) {
      head.next += 1;
      offsets[row] = head.next;
      patchRow(pending.rows, row, head.next, head.receivedUs);
    }
    chunks.push(...rowChunks(pending.rows, rows));
    return { kind: 'committed', offsets, receivedUs: head.receivedUs, stored: rows.length };
  });
  if (chunks.length > 0) await copyEventRows(client, chunks);
  await moveProducers(client, marks);
  return outcomes;
}

/** Locks the producers. Rows of each entry that are not stored yet, undefined for a fenced entry; and the marks, moved on. */
async function acceptNewer(
  client: pg.ClientBase,
  group: readonly PendingRows[],
): Promise<{ marks: ReadonlyMap<number, ProducerMark>; accepted: (number[] | undefined)[] }> {
  const ids = [...new Set(group.map((pending) => pending.producerId))].sort((a, b) => a - b);
  const { rows } = await client.query(
    'select id, epoch, last_seq, missing from producers where id = any($1::integer[]) order by id for update',
    [ids],
  );
  const marks = new Map<number, ProducerMark>(
    rows.map((row) => [row.id, { epoch: row.epoch, lastSeq: row.last_seq, missing: row.missing.map(Number) }]),
  );
  const accepted = group.map((pending) => {
    const mark = marks.get(pending.producerId);
    return mark === undefined ? undefined : takeNewer(mark, pending, pending.without);
  });
  return { marks, accepted };
}

/** Takes rows out whose check slot somebody has stored before, or that stand twice in this group. */
async function claimSlots(
  client: pg.ClientBase,
  group: readonly PendingRows[],
  accepted: (number[] | undefined)[],
): Promise<void> {
  const wanted = new Map<string, { slot: OwnedSlot; entry: number; row: number }>();
  const doubled: { entry: number; row: number }[] = [];
  accepted.forEach((rows, entry) => {
    for (const row of rows ?? []) {
      const slot = group[entry]?.slots[row];
      if (slot === undefined) continue;
      const key = `${slot.monitorId} ${slot.zone} ${slot.slotMs} ${slot.attempt} ${slot.tenantId}`;
      if (wanted.has(key)) doubled.push({ entry, row });
      else wanted.set(key, { slot, entry, row });
    }
  });
  if (wanted.size === 0) return;
  const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
  const { rows: claimed } = await client.query(
    `insert into check_slots (monitor_id, zone, slot_at, attempt, tenant_id)
     select monitor_id, zone, to_timestamp(slot_ms / 1000.0), attempt, tenant_id
     from unnest($1::uuid[], $2::text[], $3::bigint[], $4::smallint[], $5::integer[]) as t (monitor_id, zone, slot_ms, attempt, tenant_id)
     on conflict do nothing
     returning monitor_id || ' ' || zone || ' ' || (extract(epoch from slot_at) * 1000)::bigint || ' ' || attempt || ' ' || tenant_id as key`,
    [
      sorted.map(([, { slot }]) => slot.monitorId),
      sorted.map(([, { slot }]) => slot.zone),
      sorted.map(([, { slot }]) => slot.slotMs),
      sorted.map(([, { slot }]) => slot.attempt),
      sorted.map(([, { slot }]) => slot.tenantId),
    ],
  );
  const won = new Set(claimed.map((row) => row.key as string));
  const lost = [...doubled, ...sorted.filter(([key]) => !won.has(key)).map(([, place]) => place)];
  for (const { entry, row } of lost) {
    const rows = accepted[entry];
    if (rows !== undefined) accepted[entry] = rows.filter((candidate) => candidate !== row);
  }
}

/** Takes batches out whose delivery is remembered, or that stand twice in this group; the others are remembered from now on. */
async function claimDeliveries(
  client: pg.ClientBase,
  group: readonly PendingRows[],
  accepted: (number[] | undefined)[],
): Promise<void> {
  const wanted = new Map<string, { delivery: Delivery; entry: number }>();
  for (const [entry, { delivery }] of group.entries()) {
    if (delivery === undefined || (accepted[entry]?.length ?? 0) === 0) continue;
    if (wanted.has(delivery.id)) accepted[entry] = [];
    else wanted.set(delivery.id, { delivery, entry });
  }
  if (wanted.size === 0) return;
  const sorted = [...wanted].sort(([a], [b]) => (a < b ? -1 : 1));
  const { rows: claimed } = await client.query<{ id: string }>(
    `insert into deliveries as d (id, expires_at)
     select id, now() + within_ms * interval '1 millisecond' from unnest($1::text[], $2::float8[]) as t (id, within_ms)
     on conflict (id) do update set expires_at = excluded.expires_at where d.expires_at < now()
     returning id`,
    [sorted.map(([id]) => id), sorted.map(([, { delivery }]) => delivery.withinMs)],
  );
  const won = new Set(claimed.map(({ id }) => id));
  for (const [id, { entry }] of wanted) if (!won.has(id)) accepted[entry] = [];
}

/** Locks the heads in order and reserves their next offsets. The lock is held until commit: commit order is offset order. */
async function moveHeads(
  client: pg.ClientBase,
  perPartition: ReadonlyMap<number, number>,
): Promise<Map<number, { next: number; receivedUs: number }>> {
  if (perPartition.size === 0) return new Map();
  const partitions = [...perPartition.keys()].sort((a, b) => a - b);
  const { rows } = await client.query(
    `select log_partition, last_offset, (extract(epoch from greatest(received_at, clock_timestamp())) * 1000000)::bigint as received_us
     from log_heads where log_partition = any($1::smallint[]) order by log_partition for update`,
    [partitions],
  );
  await client.query(
    `update log_heads h set last_offset = h.last_offset + t.count, received_at = timestamptz 'epoch' + t.received_us * interval '1 microsecond'
     from unnest($1::smallint[], $2::bigint[], $3::bigint[]) as t (log_partition, count, received_us)
     where h.log_partition = t.log_partition`,
    [
      rows.map((row) => row.log_partition),
      rows.map((row) => perPartition.get(row.log_partition)),
      rows.map((row) => row.received_us),
    ],
  );
  return new Map(rows.map((row) => [row.log_partition, { next: row.last_offset, receivedUs: row.received_us }]));
}

/** The bytes of the chosen rows, neighbours joined. */
function rowChunks({ bytes, starts, ends }: EncodedRows, rows: readonly number[]): Buffer[] {
  if (rows.length === starts.length) return [bytes];
  const chunks: { start: number; end: number }[] = [];
  for (const row of [...rows].sort((a, b) => (starts[a] as number) - (starts[b] as number))) {
    const [start, end] = [starts[row] as number, ends[row] as number];
    const last = chunks.at(-1);
    if (last?.end === start) last.end = end;
    else chunks.push({ start, end });
  }
  return chunks.map(({ start, end }) => bytes.subarray(start, end));
}

const copyStatement = `copy events (${storedColumns.map((column) => (column === 'values' ? '"values"' : column)).join(', ')}) from stdin binary`;

/** COPY of encoded rows; the caller owns the transaction. */
export function copyEventRows(client: pg.ClientBase, chunks: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(copyStatement));
    stream.on('finish', resolve);
    stream.on('error', reject);
    stream.write(copyHeader);
    for (const chunk of chunks) stream.write(chunk);
    stream.end(copyTrailer);
  });
}

async function moveProducers(client: pg.ClientBase, marks: ReadonlyMap<number, ProducerMark>): Promise<void> {
  if (marks.size === 0) return;
  const all = [...marks.values()];
  // The arrays travel as text since unnest would flatten an array of arrays.
  await client.query(
    `update producers p set last_seq = t.last_seq, epoch = t.epoch, missing = t.missing::bigint[], updated_at = now()
     from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[]) as t (id, epoch, last_seq, missing) where p.id = t.id`,
    [
      [...marks.keys()],
      all.map((mark) => mark.epoch),
      all.map((mark) => mark.lastSeq),
      all.map((mark) => `{${mark.missing.join(',')}}`),
    ],
  );
}

/** True when rows found no partition for their day: `ensurePartitions` mends it. */
export function isMissingPartition(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error as { code?: string }).code === '23514' &&
    /no partition of relation/.test(error.message)
  );
}

/** True when the database refused what stands in a row (SQLSTATE classes 22 and 23), so that trying again is no use. */
export function isDataRefused(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^2[23]/.test(code) && !isMissingPartition(error);
}
