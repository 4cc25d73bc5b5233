import { sql } from 'kysely';
import type pg from 'pg';
import { storableText } from './storable.ts';
import type { Db } from './store.ts';

/** Something that could not be taken, kept with the reason instead of being lost. */
export interface NewDeadLetter {
  /** Whose it is, where that is known. */
  readonly tenantId: number | null;
  /** Where it came from: `kafka watchkeeper.events/3 at 1204`. */
  readonly origin: string;
  /** Place of the event in its message; null for the whole message. */
  readonly eventIndex: number | null;
  /** A code of the error catalogue. */
  readonly reason: string;
  readonly message: string;
  readonly sizeBytes: number;
  /** As text; only its beginning is kept. Null where the event stands in a message that is kept already. */
  readonly body: string | null;
}

/** Characters of a body that are kept. */
const keptBody = 16_384;

/** Writes them in the transaction that moves the reader on, so that each is kept exactly once. */
export async function insertDeadLetters(client: pg.ClientBase, letters: readonly NewDeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  const column = <T>(pick: (letter: NewDeadLetter) => T) => letters.map(pick);
  await client.query(
    `insert into dead_letters (tenant_id, origin, event_index, reason, message, size_bytes, body)
     select * from unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::integer[], $7::text[])`,
    [
      column((letter) => letter.tenantId),
      column((letter) => storableText(letter.origin)),
      column((letter) => letter.eventIndex),
      column((letter) => letter.reason),
      column((letter) => storableText(letter.message)),
      column((letter) => letter.sizeBytes),
      column((letter) => (letter.body === null ? null : storableText(letter.body.slice(0, keptBody)))),
    ],
  );
}

export interface DeadLetterRow extends NewDeadLetter {
  readonly id: number;
  readonly tenant: string | null;
  /** Null: a message of a topic. */
  readonly door: string | null;
  /** When it was put aside, microseconds since 1970-01-01 UTC. */
  readonly atUs: number;
}

export interface DeadLetterQuery {
  readonly limit: number;
  /** The last one of the page before. */
  readonly after?: { readonly atUs: number; readonly id: number };
  readonly reason?: string;
  readonly of?: 'messages' | 'doors';
  /** Microseconds since 1970-01-01 UTC: from, inclusive, and to, exclusive. */
  readonly fromUs?: number;
  readonly toUs?: number;
}

/** The newest first. Whose rows are seen is decided by the transaction. */
export async function readDeadLetters(
  db: Db,
  { limit, after, reason, of, fromUs, toUs }: DeadLetterQuery,
): Promise<DeadLetterRow[]> {
  const instant = (us: number) => sql`timestamptz 'epoch' + ${us}::bigint * interval '1 microsecond'`;
  const conditions = [
    ...(after === undefined ? [] : [sql`(d.at, d.id) < (${instant(after.atUs)}, ${after.id}::bigint)`]),
    ...(reason === undefined ? [] : [sql`d.reason = ${reason}`]),
    ...(of === undefined ? [] : [of === 'doors' ? sql`d.door is not null` : sql`d.door is null`]),
    ...(fromUs === undefined ? [] : [sql`d.at >= ${instant(fromUs)}`]),
    ...(toUs === undefined ? [] : [sql`d.at < ${instant(toUs)}`]),
  ];
  const { rows } = await sql<DeadLetterRow>`
    select d.id, (extract(epoch from d.at) * 1000000)::bigint as "atUs", d.tenant_id as "tenantId", t.name as tenant, d.door, d.origin,
      d.event_index as "eventIndex", d.reason, d.message, d.size_bytes as "sizeBytes", d.body
    from dead_letters d left join tenants t on t.id = d.tenant_id
    where ${conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `)}
    order by d.at desc, d.id desc limit ${limit}`.execute(db);
  return rows;
}

/** Numbers given to dead letters, ever: a write that is rolled back and repeated counts again. */
export async function countDeadLetters(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(pg_sequence_last_value(pg_get_serial_sequence('dead_letters', 'id')::regclass), 0) as count`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}
