import type { AlertRule, AlertRulePreview } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

const aRule = (over: Readonly<Record<string, unknown>> = {}) => ({
  ...{ name: 'slow-orders', events: 'order.placed', aggregate: 'p95(ms)', above: 400 },
  ...over,
});

describe('Alert rules', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const put = (body: ReturnType<typeof aRule>, headers = {}) =>
    world.ask(`PUT /api/v1/alert-rules/${body.name}`, { body, headers });

  it('are made with everything filled in, listed, changed by version, recorded and deleted', async () => {
    const made = await put(aRule());
    expect(made.statusCode, made.body).toBe(200);
    expect(made.json()).toMatchObject({
      ...{ tenant: 'default', name: 'slow-orders', window: '5m', for: '0s', endsAfter: '0s', delay: '2s', groupBy: [] },
      ...{
        above: 400,
        below: null,
        endsAt: null,
        state: 'failed',
        text: null,
        channels: [],
        paused: false,
        version: 1,
      },
      status: { judgedAt: null, groups: 1, open: 0, leftOut: 0 },
    });
    expect((await put(aRule())).json()).toMatchObject({ version: 1 });
    expect((await put(aRule({ above: 500 }), { 'if-match': '"7"' })).statusCode).toBe(412);
    expect((await put(aRule({ above: 500 }), { 'if-match': '"1"' })).json()).toMatchObject({ version: 2, above: 500 });
    expect((await put(aRule({ window: '1h' }))).json()).toMatchObject({ version: 3, window: '1h' });
    const list = (await world.ask('GET /api/v1/alert-rules')).json() as { items: AlertRule[] };
    expect(list.items.map(({ name, version }) => [name, version])).toEqual([['slow-orders', 3]]);
    expect((await world.ask('DELETE /api/v1/alert-rules/slow-orders')).statusCode).toBe(204);
    expect((await world.ask('DELETE /api/v1/alert-rules/slow-orders')).statusCode).toBe(404);
    const changes = (await world.ask('GET /api/v1/changes')).json() as { items: { action: string; object: string }[] };
    expect(changes.items.map(({ action, object }) => `${action} ${object}`)).toEqual([
      'alert_rule.deleted alert rule "slow-orders"',
      'alert_rule.changed alert rule "slow-orders"',
      'alert_rule.changed alert rule "slow-orders"',
      'alert_rule.created alert rule "slow-orders"',
    ]);
  });

  it.each([
    [{ above: undefined }, '/above', /say when/],
    [{ below: 3 }, '/below', /one limit/],
    [{ endsAt: 500 }, '/endsAt', /at most 400/],
    [{ aggregate: 'absent' }, '/above', /no limit/],
    [{ aggregate: 'median(ms)' }, '/aggregate', /./],
    [{ window: '2d' }, '/window', /1s to 1d/],
    [{ window: '3599s' }, '/window', /rounder/],
    [{ window: '299s' }, '/window', /rounder/],
    [{ for: '2d' }, '/for', /1d/],
    [{ delay: '11m' }, '/delay', /10m/],
    [{ channels: ['pager'] }, '/channels/0', /no channel "pager"/],
    [{ colour: 'red' }, '/colour', /./],
  ])('say what is wrong: %j', async (over, pointer, message) => {
    const answer = await put(aRule(over));
    expect(answer.statusCode).toBe(422);
    const found = problemOf(answer).errors?.find((problem) => problem.pointer === pointer);
    expect(found?.message, answer.body).toMatch(message);
  });

  it('are kept as code: applied and exported', async () => {
    const objects = [{ kind: 'AlertRule', ...aRule({ name: 'as-code', groupBy: ['shop'] }) }];
    const applied = await world.ask('POST /api/v1/apply', { body: { objects } });
    expect(applied.json(), applied.body).toMatchObject({ created: 1 });
    expect((await world.ask('POST /api/v1/apply', { body: { objects } })).json()).toMatchObject({ unchanged: 1 });
    const exported = (await world.ask('GET /api/v1/export?kind=AlertRule')).json() as { objects: object[] };
    expect(exported.objects).toMatchObject([{ kind: 'AlertRule', name: 'as-code', window: '5m', groupBy: ['shop'] }]);
  });

  it('show what they would have done, from events that came before them', async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const line = (agoS: number, ms: number, shop: string) => `cart.paid,shop=${shop} ms=${ms} ${nowMs - agoS * 1000}`;
    const written = await world.app.inject({
      method: 'POST',
      url: '/write?db=watchkeeper&precision=ms',
      headers: { authorization: `Token ${world.admin}` },
      payload: [line(300, 900, 'north'), line(200, 10, 'north'), line(190, 20, 'south'), line(20, 700, 'south')].join(
        '\n',
      ),
    });
    expect(written.statusCode, written.body).toBe(204);
    const body = aRule({ events: 'cart.paid', groupBy: ['shop'], aggregate: 'p90(ms)', window: '30s' });
    const answer = await world.ask('POST /api/v1/alert-rules/preview', { body });
    expect(answer.statusCode, answer.body).toBe(200);
    const { alerts, groups } = answer.json() as AlertRulePreview;
    expect(groups).toBe(2);
    expect(alerts.map(({ group, resolvedAt }) => [group.shop, resolvedAt !== null])).toEqual([
      ['north', true],
      ['south', false],
    ]);
    expect((await world.ask('GET /api/v1/alert-rules/slow-orders')).statusCode).toBe(404);
  });

  it('are for editors to change and for viewers to look at', async () => {
    const viewer = (await world.makeKey('viewer')).text;
    const asked = await world.ask('PUT /api/v1/alert-rules/slow-orders', { key: viewer, body: aRule() });
    expect(asked.statusCode).toBe(403);
    expect((await world.ask('GET /api/v1/alert-rules', { key: viewer })).statusCode).toBe(200);
    const other = await world.makeKey('editor', { tenant: 'other' });
    const list = (await world.ask('GET /api/v1/alert-rules', { key: other.text })).json() as { items: object[] };
    expect(list.items).toEqual([]);
  });
});
