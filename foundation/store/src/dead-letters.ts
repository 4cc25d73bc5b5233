import { sql } from 'kysely';
import type pg from 'pg';
import { storableText } from './event-rows.ts';
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
      column((letter) => letter.origin),
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
  readonly at: Date;
}

/** The newest first, before `beforeId` where it is given. */
export async function readDeadLetters(
  db: Db,
  { limit, beforeId }: { readonly limit: number; readonly beforeId?: number },
): Promise<DeadLetterRow[]> {
  const { rows } = await sql<DeadLetterRow>`
    select id, at, tenant_id as "tenantId", origin, event_index as "eventIndex", reason, message, size_bytes as "sizeBytes", body
    from dead_letters where ${beforeId ?? null}::bigint is null or id < ${beforeId ?? null}
    order by id desc limit ${limit}`.execute(db);
  return rows;
}
