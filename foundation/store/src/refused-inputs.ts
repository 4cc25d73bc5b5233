import { sql } from 'kysely';
import { storableText } from './storable.ts';
import type { Db, Store } from './store.ts';

/** What one key sent through one door and could not be taken, since it was last saved. */
export interface RefusedInputSum {
  readonly tenant: string;
  readonly door: string;
  /** Name of the key; empty at doors that ask for none. */
  readonly keyName: string;
  readonly reason: string;
  readonly count: number;
  readonly message: string;
  readonly example: string;
}

/** Something refused by a door that is kept as a dead letter. */
export interface DoorLetter {
  readonly tenant: string;
  readonly door: string;
  /** Where it came from: `write, key telegraf`. */
  readonly origin: string;
  readonly reason: string;
  readonly message: string;
  readonly sizeBytes: number;
  readonly body: string;
}

export interface UnsavedRefusals {
  readonly sums: readonly RefusedInputSum[];
  readonly letters: readonly DoorLetter[];
}

/** Adds the sums to those that are there and puts the letters aside, all of it or nothing. @throws WatchkeeperError `database_unavailable` */
export async function saveRefusedInputs(store: Store, { sums, letters }: UnsavedRefusals): Promise<void> {
  // Always in the same order, so that two processes that save at once wait for each other and nothing more.
  const keyOf = ({ tenant, door, keyName, reason }: RefusedInputSum) => JSON.stringify([tenant, door, keyName, reason]);
  const sorted = [...sums].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const texts = <T>(rows: readonly T[], pick: (row: T) => string) => rows.map((row) => storableText(pick(row)));
  await store.write(async (tx) => {
    if (sorted.length > 0)
      await sql`
        insert into refused_inputs as r (tenant_id, door, key_name, reason, count, message, example)
        select t.id, u.door, u.key_name, u.reason, u.count, u.message, u.example
        from unnest(
          ${texts(sorted, (sum) => sum.tenant)}::text[], ${texts(sorted, (sum) => sum.door)}::text[],
          ${texts(sorted, (sum) => sum.keyName)}::text[], ${texts(sorted, (sum) => sum.reason)}::text[],
          ${sorted.map((sum) => sum.count)}::bigint[], ${texts(sorted, (sum) => sum.message)}::text[],
          ${texts(sorted, (sum) => sum.example)}::text[]
        ) with ordinality as u (tenant, door, key_name, reason, count, message, example, place)
        join tenants t on t.name = u.tenant
        order by u.place
        on conflict (tenant_id, door, key_name, reason) do update set
          count = r.count + excluded.count, last_at = now(), message = excluded.message, example = excluded.example`.execute(
        tx,
      );
    if (letters.length > 0)
      await sql`
        insert into dead_letters (tenant_id, door, origin, reason, message, size_bytes, body)
        select t.id, u.door, u.origin, u.reason, u.message, u.size_bytes, u.body
        from unnest(
          ${texts(letters, (letter) => letter.tenant)}::text[], ${texts(letters, (letter) => letter.door)}::text[],
          ${texts(letters, (letter) => letter.origin)}::text[], ${texts(letters, (letter) => letter.reason)}::text[],
          ${texts(letters, (letter) => letter.message)}::text[], ${letters.map((letter) => letter.sizeBytes)}::integer[],
          ${texts(letters, (letter) => letter.body)}::text[]
        ) with ordinality as u (tenant, door, origin, reason, message, size_bytes, body, place)
        left join tenants t on t.name = u.tenant
        order by u.place`.execute(tx);
  });
}

export interface RefusedInputRow extends RefusedInputSum {
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** The newest first, `limit` at most. Whose rows are seen is decided by the transaction. */
export async function readRefusedInputs(db: Db, limit: number): Promise<RefusedInputRow[]> {
  const { rows } = await sql<RefusedInputRow>`
    select t.name as tenant, r.door, r.key_name as "keyName", r.reason, r.count, r.message, r.example,
      r.first_at as "firstAt", r.last_at as "lastAt"
    from refused_inputs r join tenants t on t.id = r.tenant_id
    order by r.last_at desc, r.door, r.key_name, r.reason limit ${limit}`.execute(db);
  return rows;
}
