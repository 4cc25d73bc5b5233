import type { SinkDefinition } from '@watchkeeper/model';
import { sql, type Transaction } from 'kysely';
import type { Put } from './places.ts';
import { allTenants, type Db } from './store.ts';
import type { Tables } from './tables.ts';

/** Sinks as objects of people; `sink-progress.ts` tells how far they are. */

export interface SinkRow {
  /** Another one for a sink that was deleted and made again under the same name. */
  readonly id: number;
  readonly tenantId: number;
  readonly tenant: string;
  readonly name: string;
  readonly definition: SinkDefinition;
  readonly version: number;
  /** Higher with each change of what it takes: other events may stand under the same numbers then. */
  readonly epoch: number;
}

/** Name of a sink as a reader of the log. */
export const sinkReader = ({ tenant, name }: Pick<SinkRow, 'tenant' | 'name'>) => `sink/${tenant}/${name}`;

const columns = sql.raw(
  's.id, s.tenant_id as "tenantId", t.name as tenant, s.name, s.definition, s.version, coalesce(s.epoch, s.id) as epoch',
);

/** Sinks of a tenant (or of all tenants), by name. */
export async function listSinks(db: Db, tenantId: number): Promise<SinkRow[]> {
  const { rows } = await sql<SinkRow>`
    select ${columns} from sinks s join tenants t on t.id = s.tenant_id
    where ${tenantId}::integer in (${allTenants}::integer, s.tenant_id) order by s.name, t.name`.execute(db);
  return rows;
}

export async function findSink(db: Db, tenantId: number, name: string): Promise<SinkRow | undefined> {
  const { rows } = await sql<SinkRow>`
    select ${columns} from sinks s join tenants t on t.id = s.tenant_id
    where s.tenant_id = ${tenantId} and s.name = ${name}`.execute(db);
  return rows[0];
}

/** A sink, locked until the end of the transaction. */
export async function lockSink(tx: Transaction<Tables>, tenantId: number, name: string): Promise<SinkRow | undefined> {
  const { rows } = await sql<SinkRow>`
    select ${columns} from sinks s join tenants t on t.id = s.tenant_id
    where s.tenant_id = ${tenantId} and s.name = ${name} for update of s`.execute(tx);
  return rows[0];
}

/**
 * Creates a sink or changes one. A new one begins where its definition says; a changed one goes on where it was, but
 * from the beginning of its definition when it takes something of another sort than before.
 */
export async function putSink(
  tx: Transaction<Tables>,
  tenantId: number,
  definition: SinkDefinition,
): Promise<Put<SinkRow>> {
  const before = await lockSink(tx, tenantId, definition.name);
  const json = JSON.stringify(definition);
  await sql`
    insert into sinks as s (tenant_id, name, definition, paused)
    values (${tenantId}, ${definition.name}, ${json}::jsonb, ${definition.paused})
    on conflict (tenant_id, name) do update set
      definition = excluded.definition, paused = excluded.paused, version = s.version + 1,
      epoch = case
        when (s.definition -> 'events', s.definition -> 'rollup') is distinct from (excluded.definition -> 'events', excluded.definition -> 'rollup')
        then nextval(pg_get_serial_sequence('sinks', 'id')) else s.epoch end
    where s.definition is distinct from excluded.definition`.execute(tx);
  const after = (await findSink(tx, tenantId, definition.name)) as SinkRow;
  const sortOf = ({ rollup }: SinkDefinition) =>
    rollup === undefined ? 'events' : `${rollup.name} ${rollup.granularity}`;
  if (before === undefined || sortOf(before.definition) !== sortOf(definition)) await beginAnew(tx, after);
  return { before, after };
}

/** Sets a sink to its beginning; whoever forwards for it has to begin again. */
async function beginAnew(tx: Transaction<Tables>, sink: SinkRow): Promise<void> {
  const { begin, rollup } = sink.definition;
  const reader = sinkReader(sink);
  await sql`delete from reader_positions where reader = ${reader}`.execute(tx);
  await sql`update sink_progress set sent_until = null, period_counts = '{}', epoch = epoch + 1 where sink_id = ${sink.id}`.execute(
    tx,
  );
  if (rollup !== undefined) {
    await sql`
      insert into sink_progress as p (sink_id, log_partition, sent_until)
      values (${sink.id}, 0, case when ${begin} = 'now' then now() else timestamptz '-infinity' end)
      on conflict (sink_id, log_partition) do update set sent_until = excluded.sent_until`.execute(tx);
    return;
  }
  await sql`
    insert into reader_positions (reader, log_partition, log_offset, received_at)
    select ${reader}, log_partition, case when ${begin} = 'now' then last_offset else 0 end,
      case when ${begin} = 'now' then received_at else timestamptz '2000-01-01Z' end
    from log_heads`.execute(tx);
}

/** Deletes a sink with its positions and refusals. */
export async function deleteSink(
  tx: Transaction<Tables>,
  tenantId: number,
  name: string,
): Promise<SinkRow | undefined> {
  const before = await lockSink(tx, tenantId, name);
  if (before === undefined) return undefined;
  await sql`delete from sinks where id = ${before.id}`.execute(tx);
  await sql`delete from reader_positions where reader = ${sinkReader(before)}`.execute(tx);
  return before;
}

/** Positions that whoever forwarded for a deleted sink has made again, in the moment of its end. */
export async function forgetSinkPositions(db: Db): Promise<void> {
  await sql`
    delete from reader_positions r where starts_with(r.reader, 'sink/')
      and not exists (select from sinks s join tenants t on t.id = s.tenant_id where r.reader = 'sink/' || t.name || '/' || s.name)`.execute(
    db,
  );
}
