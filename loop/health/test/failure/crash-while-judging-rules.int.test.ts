import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { type HealthWorld, openHealthWorld, openReceiver } from '../health-world.ts';
import { rulesIn } from '../rules-world.ts';

const program = fileURLToPath(new URL('./health-child.ts', import.meta.url));

let world: HealthWorld;
let rules: ReturnType<typeof rulesIn>;
let receiver: Awaited<ReturnType<typeof openReceiver>>;
beforeEach(async () => {
  world = await openHealthWorld();
  rules = rulesIn(world);
  receiver = await openReceiver();
});
afterEach(async () => {
  await world.close();
  await receiver.close();
});

/** Kinds of what was told, by rule. */
const toldOf = (rule: string) =>
  receiver.taken.flatMap(({ kind, alerts }) => alerts.filter((alert) => alert.rule === rule).map(() => kind));
const countedEvents = async () => {
  const { rows } = await sql<{ count: number; sum: number }>`
    select coalesce(sum(count), 0)::bigint as count, sum(sum) as sum from alert_rule_sums s join alert_rules r on r.id = s.rule_id
    where r.name = 'slow'`.execute(world.store.db);
  return rows[0];
};

describe('Health is killed while it counts for alert rules or judges them', () => {
  it.each(['health.before-commit', 'rules.before-commit', 'rules.after-commit', 'rules.before-commit:kill@2'])(
    'at %s: each event is counted once, and each alert is opened, told and ended once',
    async (name) => {
      const connection = JSON.stringify(world.database.connection);
      await world.channel(receiver.url);
      await rules.put({ aggregate: 'sum(ms)', above: 100, window: '1m' });
      await rules.put({ name: 'many', aggregate: 'count', above: 2, window: '1m' });
      await rules.placed({ ms: 60 }, { ms: 70 }, { ms: 80 });
      const failpoint = name.includes(':') ? name : `${name}:kill`;
      const killed = await runChild(program, [connection, 'first', 'rules'], { WK_FAILPOINT: failpoint });
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      const again = await runChild(program, [connection, 'second', 'rules']);
      expect(again.lines, again.stderr).toEqual(['done']);
      expect(await countedEvents()).toEqual({ count: 3, sum: 210 });
      expect([toldOf('slow'), toldOf('many')]).toEqual([['opened'], ['opened']]);

      await rules.put({ aggregate: 'sum(ms)', above: 1000, window: '1m' });
      await rules.remove('many');
      const end = await runChild(program, [connection, 'third', 'rules']);
      expect(end.lines, end.stderr).toEqual(['done']);
      expect([toldOf('slow'), toldOf('many')]).toEqual([
        ['opened', 'resolved'],
        ['opened', 'resolved'],
      ]);
      expect((await world.alerts()).map(({ resolvedAt }) => resolvedAt !== null)).toEqual([true, true]);
    },
    60_000,
  );
});
