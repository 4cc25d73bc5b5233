import { fileURLToPath } from 'node:url';
import type { NewEvent } from '@watchkeeper/model';
import { advancePosition, compareRollups, openReader } from '@watchkeeper/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { anEvent, aSeries } from '../../../../foundation/model/test/makers.ts';
import { openTestLog } from '../log-on-test-database.ts';

const program = fileURLToPath(new URL('./processor-child.ts', import.meta.url));

describe('a processor is killed while it adds up', () => {
  let under: Awaited<ReturnType<typeof openTestLog>>;
  beforeEach(async () => {
    under = await openTestLog();
  });
  afterEach(() => under.close());

  const someEvents = (count: number): NewEvent[] =>
    Array.from({ length: count }, (_, index) =>
      anEvent({
        series: aSeries({
          source: `00000000-0000-4000-8000-00000000000${index % 7}`,
          attributes: { status: index % 5 === 0 ? '503' : '200' },
        }),
        timeUs: 1_763_700_000_000_000 + index * 1_500_000,
        outcome: index % 5 === 0 ? 'failed' : 'ok',
        ...(index % 5 === 0 ? { reason: 'status' } : {}),
        values: [1 + (index % 40)],
      }),
    );

  it.each(['processor.before-commit', 'processor.after-commit'])(
    'at %s: after a restart every event is counted exactly once',
    async (name) => {
      const connection = JSON.stringify(under.database.connection);
      for (const producer of ['a', 'b', 'c']) await under.append(producer, someEvents(400));
      const killed = await runChild(program, [connection, 'first'], { WK_FAILPOINT: `${name}:kill@2` });
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      for (const producer of ['d', 'e']) await under.append(producer, someEvents(300));
      const again = await runChild(program, [connection, 'second']);
      expect(again.lines, again.stderr).toEqual(['done']);
      const { compared, differences } = await compareRollups(under.store.db);
      expect(compared).toBeGreaterThan(0);
      expect(differences).toEqual([]);
    },
  );

  it('a reader that was taken over can save nothing more', async () => {
    const { store } = under;
    const former = await openReader(store.db, 'processor', 0);
    const present = await openReader(store.db, 'processor', 0);
    const to = { offset: 5, receivedUs: 1_763_700_000_000_000 };
    await expect(store.write((tx) => advancePosition(tx, 'processor', 0, former, to))).rejects.toMatchObject({
      code: 'position_lost',
    });
    await store.write((tx) => advancePosition(tx, 'processor', 0, present, to));
    await expect(store.write((tx) => advancePosition(tx, 'processor', 0, present, to))).rejects.toMatchObject({
      code: 'position_lost',
    });
  });
});
