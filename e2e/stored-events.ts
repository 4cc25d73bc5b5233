import pg from 'pg';

/** What a database holds after a play, counted row by row beside the product. */
export class StoredEvents {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(connectionString: string): Promise<StoredEvents> {
    const client = new pg.Client({ connectionString });
    await client.connect();
    return new StoredEvents(client);
  }

  close(): Promise<void> {
    return this.#client.end();
  }

  /** Partitions whose offsets do not run from 1 to the head without a gap. */
  async brokenPartitions(): Promise<number[]> {
    const rows = await this.#rows<{ partition: number }>(`
      select h.log_partition as partition from log_heads h left join events e on e.log_partition = h.log_partition
      group by 1, h.last_offset
      having count(e.log_offset) <> h.last_offset or count(distinct e.log_offset) <> h.last_offset
        or coalesce(max(e.log_offset), 0) <> h.last_offset`);
    return rows.map(({ partition }) => partition);
  }

  async count(): Promise<{ readonly events: number; readonly identities: number }> {
    const [row] = await this.#rows<{ events: number; identities: number }>(
      'select count(*)::integer as events, count(distinct (producer_id, epoch, seq))::integer as identities from events',
    );
    return row as { events: number; identities: number };
  }

  /** Sequence numbers of everything that came from this source, rising, repetitions included. */
  async numbersFrom(source: string): Promise<number[]> {
    const rows = await this.#rows<{ seq: number }>(
      `select e.seq::integer as seq from events e join series s on s.id = e.series_id where s.source = $1 order by 1`,
      [source],
    );
    return rows.map(({ seq }) => seq);
  }

  /** Per monitor and zone: results of checks that are stored, and slots that are noted as checked. */
  async checks(): Promise<{ readonly monitor: string; readonly zone: string; results: number; slots: number }[]> {
    return this.#rows(`
      with results as (
        select s.source as monitor, s.zone, count(*)::integer as results from events e join series s on s.id = e.series_id
        where s.name in ('monitor.checked', 'monitor.attempted') and s.attributes ->> 'trigger' is null group by 1, 2
      ), slots as (
        select monitor_id::text as monitor, zone, count(*)::integer as slots from check_slots group by 1, 2
      )
      select monitor, zone, coalesce(results, 0) as results, coalesce(slots, 0) as slots
      from results full join slots using (monitor, zone)`);
  }

  /**
   * Slots between the first and the last one of a monitor in a zone that nobody checked. Without those that began while
   * a check of the same monitor was under way, or about to be tried again: one that began late may last that long.
   */
  async missedSlots(): Promise<{ readonly monitor: string; readonly zone: string; readonly atMs: number }[]> {
    return this.#rows(`
      with span as (
        select m.id, m.name, s.zone, m.interval_ms, min(s.slot_at) as first, max(s.slot_at) as last
        from check_slots s join monitors m on m.id = s.monitor_id group by 1, 2, 3, 4
      )
      select span.name as monitor, span.zone, (extract(epoch from slot) * 1000)::float8 as "atMs"
      from span, generate_series(first, last, interval_ms * interval '1 millisecond') as slot
      where not exists (
        select from check_slots c where c.monitor_id = span.id and c.zone = span.zone and c.slot_at = slot
      ) and not exists (
        select from events e join series s on s.id = e.series_id
        where s.source = span.id::text and s.zone = span.zone and s.name in ('monitor.checked', 'monitor.attempted')
          and e.time between slot - interval_ms * interval '1 millisecond' and slot
          and e.time + (e.values[array_position(s.value_names, 'durationMs')] + 300) * interval '1 millisecond' > slot
      ) order by 3, 2, 1`);
  }

  async #rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.#client.query<Row>(text, values);
    return rows;
  }
}
