import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { type HealthWorld, openHealthWorld, openReceiver } from '../health-world.ts';

const program = fileURLToPath(new URL('./health-child.ts', import.meta.url));

let world: HealthWorld;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
beforeEach(async () => {
  world = await openHealthWorld();
  receiver = await openReceiver();
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

describe('Health is killed while it judges or tells', () => {
  it.each(['health.before-commit', 'health.after-commit'])(
    'at %s: after a restart every change counts once, and each alert is opened, told and resolved once',
    async (name) => {
      const connection = JSON.stringify(world.database.connection);
      const [a, b] = [await world.monitor('shop'), await world.monitor('search')];
      await world.channel(receiver.url);
      await world.checked([a, 'ok'], [b, 'ok'], [a, 'failed'], [b, 'failed']);
      const killed = await runChild(program, [connection, 'first'], { WK_FAILPOINT: `${name}:kill` });
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      const again = await runChild(program, [connection, 'second']);
      expect(again.lines, again.stderr).toEqual(['done']);
      await world.checked([a, 'ok'], [b, 'ok']);
      const end = await runChild(program, [connection, 'third']);
      expect(end.lines, end.stderr).toEqual(['done']);

      const alerts = await world.alerts();
      expect(alerts.map(({ service, resolvedAt }) => [service, resolvedAt !== null]).sort()).toEqual([
        ['search', true],
        ['shop', true],
      ]);
      const toldOf = (kind: string) =>
        receiver.taken
          .filter((notification) => notification.kind === kind)
          .flatMap(({ alerts: own }) => own.map(({ service }) => service));
      expect(toldOf('opened').sort()).toEqual(['search', 'shop']);
      expect(toldOf('resolved').sort()).toEqual(['search', 'shop']);
      const { rows } = await sql<{ state: string }>`
        select state from state_changes where monitor_id = ${a} order by id`.execute(world.store.db);
      expect(rows.map(({ state }) => state)).toEqual(['ok', 'failed', 'ok']);
    },
    40_000,
  );

  it.each([
    ['alert.before-send', 1],
    ['alert.after-send', 2],
  ])(
    'at %s: nothing is lost, and a receiver hears of it %i times at most',
    async (name, times) => {
      const connection = JSON.stringify(world.database.connection);
      const id = await world.monitor('shop');
      await world.channel(receiver.url);
      await world.checked([id, 'failed']);
      const killed = await runChild(program, [connection, 'first'], { WK_FAILPOINT: `${name}:kill` });
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      // The claim of the dead sender runs out; a test does not wait for it.
      await sql`update alert_deliveries set claimed_until = now() - interval '1 second' where claimed_until is not null`.execute(
        world.store.db,
      );
      const again = await runChild(program, [connection, 'second']);
      expect(again.lines, again.stderr).toEqual(['done']);
      expect(receiver.taken.map(({ kind }) => kind)).toEqual(Array(times).fill('opened'));
      const [alert] = await world.alerts();
      expect(alert?.deliveries.map(({ delivered_at }) => delivered_at !== null)).toEqual([true]);
    },
    40_000,
  );
});
