import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { allTenants, openStore, readEvents } from '@watchkeeper/store';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { logDrivers } from '../src/index.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

it('events of monitors are indexed by series and others are not, and both are found by their series', async () => {
  const database = await createTestDatabase();
  const { connection } = database;
  const store = openStore({ connection });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const log = await driver.open(
    { partitions: 1, seriesPerTenant: 10 },
    { connection, messages, clock: systemClock, logger },
  );
  try {
    const nowUs = Math.floor(systemClock.wallMs() * 1000);
    const checked = anEvent({ timeUs: nowUs });
    const sent = anEvent({ timeUs: nowUs, series: aSeries({ name: 'cpu', source: '' }) });
    const { epoch } = await log.openProducer('both');
    await log.append({ producer: 'both', epoch, firstSeq: 1, events: [checked, sent, checked] });

    const { rows } = await sql`
      select s.name, e.by_series, e.seq from events e join series s on s.id = e.series_id order by e.seq`.execute(
      store.db,
    );
    expect(rows).toEqual([
      { name: 'monitor.checked', by_series: true, seq: 1 },
      { name: 'cpu', by_series: null, seq: 2 },
      { name: 'monitor.checked', by_series: true, seq: 3 },
    ]);
    const found = async (name: string) => {
      const range = { fromUs: nowUs - 60_000_000, toUs: nowUs + 1 };
      const page = (tx: Parameters<typeof readEvents>[0]) =>
        readEvents(tx, allTenants, { filter: { name }, ...range, limit: 10 });
      return (await store.read(allTenants, page)).events.map((event) => event.offset);
    };
    expect(await found('monitor.checked')).toEqual([3, 1]);
    expect(await found('cpu')).toEqual([2]);
  } finally {
    await log.close();
    await messages.close();
    await store.close();
    await database.drop();
  }
});
