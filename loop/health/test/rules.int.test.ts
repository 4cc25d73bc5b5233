import { mostRuleGroups } from '@watchkeeper/model';
import { databaseNow } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HealthWorld, openHealthWorld, openReceiver, until } from './health-world.ts';
import { rulesIn } from './rules-world.ts';

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
const told = (count: number) => until(`${count} notifications`, async () => receiver.taken.length >= count);

describe('An alert rule on events that nobody defined', () => {
  it('tells when a value is above its limit, per group, and when it is back', async () => {
    await world.channel(receiver.url);
    await rules.put({ aggregate: 'avg(ms)', above: 100, groupBy: ['shop'], text: 'Orders are slow' });
    world.startHealth();
    world.startDeliveries();
    await rules.placed({ ms: 50, shop: 'south' }, { ms: 500 }, { ms: 300 });
    await told(1);
    expect(receiver.taken[0]).toMatchObject({
      kind: 'opened',
      title: 'slow (shop=north): Orders are slow (avg(ms) of order.placed over 2s is 400, above 100)',
      alerts: [{ rule: 'slow', group: { shop: 'north' }, state: 'failed', service: '', monitors: [] }],
    });
    await rules.placed({ ms: 1 });
    await told(2);
    expect(receiver.taken[1]).toMatchObject({ kind: 'resolved', title: 'slow (shop=north) is OK again' });
    expect(await rules.alerts(1, 0)).toMatchObject([{ rule: 'slow', group: { shop: 'north' } }]);
  });

  it('ends an alert after a restart, and opens none twice', async () => {
    await world.channel(receiver.url);
    await rules.put({ aggregate: 'max(ms)', above: 100 });
    world.startHealth();
    world.startDeliveries();
    await rules.placed({ ms: 500 });
    await told(1);
    await world.stopAll();
    await rules.placed({ ms: 600 });
    world.startHealth();
    world.startDeliveries();
    await until('both orders to be judged', async () => {
      const { rows } =
        await sql`select from alert_rules where judged_at > (select max(received_at) from log_heads) + interval '2 seconds'`.execute(
          world.store.db,
        );
      return rows.length === 1;
    });
    await rules.placed({ ms: 5 });
    await rules.alerts(1, 0);
    await told(2);
    expect(receiver.taken.map(({ kind }) => kind)).toEqual(['opened', 'resolved']);
  });

  it('hears nothing for a while: an alert, until events come again', async () => {
    await rules.put({ aggregate: 'absent', groupBy: ['shop'], window: '1s' });
    world.startHealth();
    await rules.placed({ shop: 'north' });
    const [alert] = await rules.alerts(1, 1);
    expect(alert).toMatchObject({ group: { shop: 'north' }, message: 'no event order.placed for 1s' });
    await rules.placed({ shop: 'north' });
    await rules.alerts(1, 0);
  });

  it('does not take a stop of ours for silence: time begins anew', async () => {
    await rules.put({ aggregate: 'absent', groupBy: ['shop'], window: '4s' });
    const judgedOnce = (since: string) =>
      until('a judgement', async () => {
        const { rows } = await sql`select from alert_rules where looked_at > ${since}::timestamptz`.execute(
          world.store.db,
        );
        return rows.length === 1;
      });
    const now = async () => (await databaseNow(world.store.db)).toISOString();
    world.startHealth();
    await rules.placed({ shop: 'north' });
    await until('the shop to be known', async () => (await rules.status())?.groups === 1);
    await judgedOnce(await now());
    await world.stopAll();
    // An hour goes by in which nobody looked.
    const hour = sql.raw("interval '1 hour'");
    await sql`update alert_rule_sums set bucket_at = bucket_at - ${hour}`.execute(world.store.db);
    await sql`update alert_rule_groups set first_seen = first_seen - ${hour}, seen_at = seen_at - ${hour}`.execute(
      world.store.db,
    );
    await sql`update alert_rules set counts_since = counts_since - ${hour}, judged_at = judged_at - ${hour}, looked_at = looked_at - ${hour},
      looked_since = looked_since - ${hour}`.execute(world.store.db);
    const restarted = await now();
    world.startHealth();
    await judgedOnce(restarted);
    expect(await world.alerts()).toEqual([]);
    const [alert] = await rules.alerts(1, 1);
    expect(alert?.openedAt.getTime()).toBeGreaterThanOrEqual(Date.parse(restarted) + 3000);
  });

  it('that never saw an event notices the silence too, when nothing is split', async () => {
    await rules.put({ aggregate: 'absent', window: '1s' });
    world.startHealth();
    await rules.alerts(1, 1);
  });

  it('counts only what its filter takes, of the event too', async () => {
    await rules.put({ aggregate: 'count', above: 1, where: { outcome: ['failed'], shop: ['north'] } });
    await rules.put({ name: 'all', aggregate: 'count', above: 3 });
    world.startHealth();
    const bad = { outcome: 'failed' } as const;
    await rules.placed(bad, { ...bad, shop: 'south' }, {}, {});
    expect(await rules.alerts(1, 1)).toMatchObject([{ rule: 'all' }]);
    await rules.placed(bad, bad);
    await until('the rule on failures', async () => (await world.alerts()).some(({ rule }) => rule === 'slow'));
  });

  it('looks at percentiles', async () => {
    await rules.put({ aggregate: 'p90(ms)', above: 90 });
    world.startHealth();
    await rules.placed(...Array.from({ length: 20 }, (_, index) => ({ ms: index < 17 ? 10 : 100 })));
    const [alert] = await rules.alerts(1, 1);
    expect(alert?.message).toMatch(/^p90\(ms\) of order\.placed over 2s is \d+/);
  });

  it('looks at percentiles of seconds to which more was added', async () => {
    await rules.put({ aggregate: 'p90(ms)', above: 90, window: '1m' });
    world.startHealth();
    await rules.placed(...Array.from({ length: 100 }, (_, index) => ({ ms: 100, agoS: index / 10 })));
    await rules.alerts(1, 1);
    await rules.placed(...Array.from({ length: 2000 }, (_, index) => ({ ms: 10, agoS: index / 200 })));
    await rules.alerts(1, 0);
  });

  it('ends its alerts when it is deleted, paused, or counts something else', async () => {
    await world.channel(receiver.url);
    world.startHealth();
    world.startDeliveries();
    let times = 0;
    for (const end of [
      () => rules.remove(),
      () => rules.put({ aggregate: 'max(ms)', above: 100, paused: true }),
      () => rules.put({ aggregate: 'max(ms)', above: 100, window: '3s' }),
    ]) {
      await rules.remove();
      await rules.put({ aggregate: 'max(ms)', above: 100 });
      await rules.placed({ ms: 500 });
      times += 1;
      await rules.alerts(times, 1);
      await told(2 * times - 1);
      await end();
      await rules.alerts(times, 0);
      await told(2 * times);
    }
    expect(receiver.taken.at(-1)?.title).toBe('slow is no longer watched');
  });

  it('keeps its alerts when only its limit changes, and judges by the new one', async () => {
    await rules.put({ aggregate: 'max(ms)', above: 100, window: '1m' });
    world.startHealth();
    await rules.placed({ ms: 500 });
    await rules.alerts(1, 1);
    await rules.put({ aggregate: 'max(ms)', above: 1000, window: '1m' });
    await rules.alerts(1, 0);
  });

  it('tells the channels that it names, whatever they want otherwise, and no others', async () => {
    await world.channel(receiver.url, { name: 'chosen', states: ['unknown'] });
    await world.channel(receiver.url, { name: 'other' });
    await rules.put({ aggregate: 'max(ms)', above: 100, channels: ['chosen'] });
    world.startHealth();
    await rules.placed({ ms: 500 });
    const [alert] = await rules.alerts(1, 1);
    expect(alert?.deliveries.map(({ channel }) => channel)).toEqual(['chosen']);
  });

  it('has a bounded number of groups and counts what it leaves out', async () => {
    await rules.put({ aggregate: 'count', above: 100, groupBy: ['shop'] });
    await sql`
      insert into alert_rule_groups (rule_id, tenant_id, group_key)
      select id, tenant_id, '["g' || n || '"]' from alert_rules, generate_series(1, ${mostRuleGroups - 1}::integer) n`.execute(
      world.store.db,
    );
    world.startHealth();
    await rules.placed({ shop: 'a' }, { shop: 'b' }, { shop: 'b' }, { shop: 'c' });
    const status = await until('events to be left out', async () => {
      const found = await rules.status();
      return found !== undefined && found.leftOut > 0 && found;
    });
    expect(status).toMatchObject({ groups: mostRuleGroups, leftOut: 3 });
  });

  it('may be split by a name that every object of the language has: nobody said anything there', async () => {
    await rules.put({ aggregate: 'count', above: 0, groupBy: ['constructor'] });
    world.startHealth();
    await rules.placed({});
    expect(await rules.alerts(1, 1)).toMatchObject([{ group: { constructor: '' } }]);
  });

  it('of another tenant does not see our events', async () => {
    await rules.put({ aggregate: 'count', above: 0 });
    await sql`with t as (insert into tenants (name) values ('other') returning id) update alert_rules set tenant_id = t.id from t`.execute(
      world.store.db,
    );
    await rules.put({ name: 'ours', aggregate: 'count', above: 0 });
    world.startHealth();
    await rules.placed({});
    expect(await rules.alerts(1, 1)).toMatchObject([{ rule: 'ours' }]);
  });
});

describe('The catalogue', () => {
  it('hears when a name was last seen', async () => {
    world.startHealth();
    await rules.placed({});
    await sql`update event_names set last_seen = '2020-01-01Z'`.execute(world.store.db);
    await rules.placed({});
    await until('the name to be seen', async () => {
      const { rows } =
        await sql`select from event_names where name = 'order.placed' and last_seen > now() - interval '1 minute'`.execute(
          world.store.db,
        );
      return rows.length === 1;
    });
  });
});
