import type { NewEvent } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { seededMonitorId, seedMonitors, seedRollups } from '../../../foundation/store/test/seed.ts';
import { aCaller, openReadsWorld, type ReadsWorld } from './reads-world.ts';

const minuteMs = 60_000;

describe('Reads of monitors', () => {
  let world: ReadsWorld;
  beforeAll(async () => {
    world = await openReadsWorld();
    await seedMonitors(world.store.db, { services: 3, environments: 2, monitors: 230, zones: ['ams', 'fra'] });
    await seedMonitors(world.store.db, { tenantId: 2, services: 1, environments: 1, monitors: 10, zones: ['ams'] });
    await seedRollups(world.store.db, { periods: 60 });
    await seedRollups(world.store.db, { tenantId: 2, periods: 60 });
  });
  afterAll(() => world.close());

  const stranger = aCaller({ tenantId: 2, tenant: 'tenant-2' });
  const operator = aCaller({ role: 'operator', seesAllTenants: true });

  async function allPages(query: Parameters<typeof list>[0]) {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.items.map(({ monitor }) => monitor.id));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return ids;
  }
  const list = (query: NonNullable<Parameters<typeof world.ask<'listMonitors'>>[1]>['query'], caller = aCaller()) =>
    world.ask('listMonitors', { query: query ?? {}, caller });

  it('lists the worst monitors first, each once over all pages, in every order', async () => {
    for (const sort of ['worst', 'name', 'newest'] as const) {
      const ids = await allPages({ sort, limit: 37 });
      expect(new Set(ids).size).toBe(230);
      expect(ids.length).toBe(230);
    }
    const { items } = await list({ limit: 20 });
    const states = items.map(({ status }) => status.state);
    expect(states.slice(0, 5)).toEqual(['failed', 'failed', 'failed', 'failed', 'failed']);
    expect(states[5]).toBe('degraded');
    expect((await list({ sort: 'newest', limit: 1 })).items[0]?.monitor.name).toBe('monitor-000230');
  });

  it('counts states beside the chosen one, and the total with it', async () => {
    const page = await list({ state: 'failed' });
    expect(page.total).toBe(5);
    expect(page.items.length).toBe(5);
    expect(page.counts).toEqual({ failed: 5, degraded: 6, unknown: 0, maintenance: 0, ok: 217, paused: 2 });
  });

  it('finds monitors by words, type, service, environment, zone and label', async () => {
    const total = async (query: Parameters<typeof list>[0]) => (await list(query)).total;
    expect(await total({ q: 'MONITOR-000042' })).toBe(1);
    expect(await total({ q: 'team-7 service-2' })).toBe(await total({ label: 'team=team-7', service: 'service-2' }));
    expect(await total({ q: '100%_' })).toBe(0);
    expect(await total({ type: 'tcp' })).toBe(46);
    expect(await total({ service: 'service-1', environment: 'environment-2' })).toBe(38);
    expect(await total({ zone: 'fra' })).toBe(230);
    expect(await total({ zone: 'nowhere' })).toBe(0);
    expect(await total({ label: 'team' })).toBe(230);
    expect(await total({ label: 'team=team-3' })).toBe(12);
  });

  it('shows the last hour of each monitor: a strip of minutes, the OK share and p95', async () => {
    const { items } = await list({ limit: 200 });
    for (const { strip, okRatio, p95Ms } of items) {
      expect(strip).toMatch(/^[nof]{60}$/);
      expect(strip.slice(0, -1)).not.toContain('n');
      expect(okRatio).toBeGreaterThanOrEqual(0.5);
      expect(p95Ms).toBeGreaterThan(20);
    }
  });

  it('shows nobody the monitors of another tenant, and operators all', async () => {
    expect((await list({}, stranger)).total).toBe(10);
    expect((await list({}, operator)).total).toBe(240);
    const id = seededMonitorId(1);
    for (const name of ['getMonitorStatus', 'getMonitorChecks', 'getMonitorStatistics'] as const) {
      expect(await world.refusal(name, { params: { id }, query: {}, caller: stranger })).toMatchObject({
        code: 'not_found',
      });
      await expect(world.ask(name, { params: { id }, query: {}, caller: operator })).resolves.toBeDefined();
    }
  });

  it('refuses cursors of other lists, orders and makers', async () => {
    const { next } = await list({ sort: 'name', limit: 10 });
    const forged = Buffer.from(JSON.stringify(['monitors:worst', 'no uuid', 'a', 1, 1])).toString('base64url');
    for (const cursor of [next as string, 'nonsense', forged, Buffer.from('[]').toString('base64url')]) {
      expect(await world.refusal('listMonitors', { query: { sort: 'worst', cursor } })).toEqual({
        code: 'cursor_invalid',
        pointers: ['query:cursor'],
      });
    }
  });

  it('tells the worst zone and since when; unknown where nobody has looked; paused while it is paused', async () => {
    const status = (number: number) => world.ask('getMonitorStatus', { params: { id: seededMonitorId(number) } });
    const failed = await status(7);
    expect(failed).toMatchObject({ state: 'failed', reason: 'status', message: 'answered 503' });
    expect(failed.since).not.toBeNull();
    expect((await status(99)).zones.map(({ state }) => state)).toEqual(['paused', 'paused']);
    expect(await status(99)).toMatchObject({ state: 'paused', since: null, reason: null });
    await world.store.db
      .deleteFrom('monitor_states')
      .where('monitor_id', '=', seededMonitorId(5))
      .where('zone', '=', 'fra')
      .execute();
    expect(await status(5)).toMatchObject({
      state: 'unknown',
      zones: [{ state: 'ok' }, { state: 'unknown', lastCheckedAt: null }],
    });
    expect((await list({ state: 'unknown' })).items.map(({ monitor }) => monitor.id)).toEqual([seededMonitorId(5)]);
  });

  it('reads the statistics view of one monitor', async () => {
    const { rows } = await world.ask('getMonitorStatistics', {
      params: { id: seededMonitorId(1) },
      query: { limit: 10 },
    });
    expect(rows.length).toBe(10);
    expect(rows[0]).toMatchObject({ monitorId: seededMonitorId(1), granularity: 'minute', rtMin: 0.012, rtMax: 0.013 });
    expect(rows.map(({ dt }) => dt)).toEqual(rows.map(({ dt }) => dt).sort());
  });

  describe('every check of a monitor', () => {
    const id = seededMonitorId(230);
    const startMs = Date.now() - 30 * minuteMs;
    const values = ['durationMs', 'connectMs'];
    const check = (
      secondsIn: number,
      over: Partial<NewEvent> = {},
      series: Partial<Parameters<typeof aSeries>[0]> = {},
    ) =>
      anEvent({
        series: aSeries({
          source: id,
          service: 'service-1',
          environment: 'environment-1',
          zone: 'ams',
          valueNames: values,
          ...series,
        }),
        timeUs: (startMs + secondsIn * 1000) * 1000 + 250,
        values: [10 + (secondsIn % 7), null],
        ...over,
      });
    const checks = (query: NonNullable<Parameters<typeof world.ask<'getMonitorChecks'>>[1]>['query'] = {}) =>
      world.ask('getMonitorChecks', { params: { id }, query: query ?? {} });

    beforeAll(async () => {
      await world.append([
        ...Array.from({ length: 600 }, (_, second) => check(second)),
        check(100.5, { outcome: 'failed', reason: 'timeout', values: [5000, null] }),
        check(101.5, { outcome: 'degraded', reason: 'slow', values: [900, 3] }),
        check(102.5, { outcome: 'failed', reason: 'reset' }, { name: 'monitor.attempted' }),
        check(103.5, {}, { zone: 'fra', valueNames: ['durationMs', 'tlsMs'] }),
        check(104.5, {}, { attributes: { type: 'http', status: '503' } }),
        check(105.5, {}, { source: seededMonitorId(1) }),
      ]);
    });

    it('comes in columns per zone, oldest first, with null for what was not measured', async () => {
      const { thinned, zones } = await checks();
      expect(thinned).toBe(false);
      expect(zones.map(({ zone, total }) => [zone, total])).toEqual([
        ['ams', 604],
        ['fra', 1],
      ]);
      const [ams, fra] = zones;
      expect(ams?.timeMs).toEqual([...(ams?.timeMs ?? [])].sort((a, b) => a - b));
      expect(ams?.timeMs[0]).toBeCloseTo(startMs + 0.25, 3);
      for (const column of [ams?.outcome, ams?.reason, ams?.retried, ...Object.values(ams?.values ?? {})])
        expect(column?.length).toBe(604);
      const at = ams?.reason.indexOf('slow') as number;
      expect([
        ams?.outcome[at],
        ams?.values.durationMs?.[at],
        ams?.values.connectMs?.[at],
        ams?.values.tlsMs?.[at],
      ]).toEqual(['degraded', 900, 3, null]);
      expect(fra?.values).toMatchObject({ connectMs: [null], tlsMs: [null] });
    });

    it('marks attempts that were followed by another one', async () => {
      const { zones } = await checks({ zone: 'ams' });
      expect(zones.length).toBe(1);
      const retried = zones[0]?.retried.flatMap((is, index) => (is ? [zones[0]?.reason[index]] : []));
      expect(retried).toEqual(['reset']);
    });

    it('is thinned to the extremes of the OK checks above a number, never losing a failure, and says so', async () => {
      const { thinned, zones } = await checks({ max: 100 });
      expect(thinned).toBe(true);
      const ams = zones[0];
      expect(ams?.total).toBe(604);
      expect(ams?.timeMs.length).toBeLessThan(110);
      expect(ams?.outcome.filter((outcome) => outcome !== 'ok')).toEqual(['failed', 'degraded', 'failed']);
      const extremes = (zone: typeof ams) => {
        const durations = zone?.values.durationMs?.filter((_, index) => zone.outcome[index] === 'ok') as number[];
        return [Math.min(...durations), Math.max(...durations)];
      };
      const [everyAms] = (await checks()).zones;
      expect(extremes(ams)).toEqual(extremes(everyAms));
      expect(ams?.timeMs).toEqual([...(ams?.timeMs ?? [])].sort((a, b) => a - b));
    });

    it('is only what lies in the range, with an empty zone where nothing does', async () => {
      const range = { from: new Date(startMs).toISOString(), to: new Date(startMs + 10_000).toISOString() };
      const { zones } = await checks(range);
      expect(zones.map(({ zone, total }) => [zone, total])).toEqual([
        ['ams', 10],
        ['fra', 0],
      ]);
    });

    it('needs a range that is one', async () => {
      for (const query of [{ from: 'now', to: 'now-1h' }, { from: '2026-02-30T00:00:00Z' }]) {
        expect(await world.refusal('getMonitorChecks', { params: { id }, query })).toEqual({
          code: 'validation_failed',
          pointers: ['query:from'],
        });
      }
    });
  });
});
