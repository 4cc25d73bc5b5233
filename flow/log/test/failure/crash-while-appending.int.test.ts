import { fileURLToPath } from 'node:url';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { postgresMessages } from '@watchkeeper/messages';
import { openStore } from '@watchkeeper/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { createTestDatabase } from '../../../../foundation/store/test/test-database.ts';
import { logDrivers } from '../../src/index.ts';
import { readAll } from '../log-contract.ts';

const program = fileURLToPath(new URL('./append-child.ts', import.meta.url));
const deliverer = fileURLToPath(new URL('./deliver-child.ts', import.meta.url));
const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

describe('a producer is killed while it appends', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const storedSeqs = async (producer: string) => {
    const store = openStore({ connection: database.connection });
    const messages = postgresMessages({ store, clock: systemClock, logger });
    const { default: driver } = await logDrivers.postgres();
    const log = await driver.open(
      { partitions: 2, seriesPerTenant: 1000 },
      { connection: database.connection, messages, clock: systemClock, logger },
    );
    const seqs = (await readAll(log)).filter((event) => event.series.source === producer).map((event) => event.seq);
    await log.close();
    await messages.close();
    await store.close();
    return seqs;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it.each(['log.after-series', 'log.before-commit', 'log.after-commit'])(
    'at %s: what was acknowledged is stored, and sending the rest again stores each event once',
    async (name) => {
      const producer = crypto.randomUUID();
      const connection = JSON.stringify(database.connection);
      const killed = await runChild(program, [connection, producer, '0', '1', '10'], {
        WK_FAILPOINT: `${name}:kill@4`,
      });
      expect(killed.signal).toBe('SIGKILL');
      const acked = Number(killed.lines.findLast((line) => line.startsWith('acked'))?.slice(6));
      expect(acked).toBe(30);
      const stored = await storedSeqs(producer);
      expect(stored.slice(0, acked)).toEqual(numbers(acked));
      expect([acked, acked + 10]).toContain(stored.length);

      const epoch = killed.lines[0]?.slice(6) ?? '';
      const again = await runChild(program, [connection, producer, epoch, String(acked + 1), '7'], {});
      expect(again.code, again.stderr).toBe(0);
      expect(await storedSeqs(producer)).toEqual(numbers(100));
    },
  );

  it.each([
    ['log.before-commit', 10],
    ['log.after-commit', 0],
  ])('at %s of a delivery: whoever sends it again stores what is missing, and nothing twice', async (name, left) => {
    const id = crypto.randomUUID();
    const args = [JSON.stringify(database.connection), id];
    const killed = await runChild(deliverer, args, { WK_FAILPOINT: `${name}:kill` });
    expect([killed.signal, killed.lines]).toEqual(['SIGKILL', []]);
    const again = await Promise.all([runChild(deliverer, args), runChild(deliverer, args)]);
    expect(again.map(({ lines }) => lines[0]).sort()).toEqual(['stored 0', `stored ${left}`]);
    expect(await storedSeqs(id)).toHaveLength(10);
  });

  it('a new start of the producer that repeats check slots stores none of them twice', async () => {
    const producer = crypto.randomUUID();
    const connection = JSON.stringify(database.connection);
    await runChild(program, [connection, producer, '0', '1', '5'], { WK_FAILPOINT: 'log.after-commit:kill@3' });
    const before = (await storedSeqs(producer)).length;
    expect(before).toBe(30);
    const again = await runChild(program, [connection, producer, '0', '1', '5']);
    expect(again.code, again.stderr).toBe(0);
    expect(await storedSeqs(producer)).toHaveLength(50);
  });
});
