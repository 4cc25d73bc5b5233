import type { State } from '@watchkeeper/model';
import type { AlertMonitor, AlertRow } from '@watchkeeper/store';
import { describe, expect, it } from 'vitest';
import { notificationOf, type ToldAlert } from './notifications.ts';

const told = (service: string, state: State, monitors: readonly Partial<AlertMonitor>[] = []): ToldAlert => ({
  delivery: { state, previousState: 'ok' },
  alert: {
    ...{
      id: service,
      tenant: 'default',
      service,
      environment: 'production',
      rule: null,
      group: null,
      state,
      reason: 'status',
    },
    ...{ message: 'answered 503', openedAt: new Date(0), openedUs: 0, resolvedAt: null, heldBy: null, deliveries: [] },
  } satisfies AlertRow,
  monitors: monitors.map((over) => ({
    ...{ service, environment: 'production', id: 'm', name: 'Home page', zone: 'fra', state: 'ok' as const },
    ...{ reason: null, message: null },
    ...over,
  })),
});
const tell = (kind: 'opened' | 'changed' | 'resolved' | 'test', ...alerts: ToldAlert[]) =>
  notificationOf({ kind, told: alerts, publicUrl: 'https://wk.test', sentAtMs: 0 });

describe('A notification', () => {
  it.each([
    ['opened', 'failed', 'shop in production has failed'],
    ['opened', 'unknown', 'shop in production sends no data'],
    ['changed', 'degraded', 'shop in production is degraded'],
    ['resolved', 'ok', 'shop in production is OK again'],
    ['resolved', 'paused', 'shop in production is no longer watched'],
  ] as const)('that is %s with the state %s says: %s', (kind, state, title) => {
    expect(tell(kind, told('shop', state)).title).toBe(title);
  });

  it('of many names some, worst first, and counts the rest', () => {
    const many = [told('a', 'degraded'), told('b', 'failed'), told('c', 'degraded'), told('d', 'degraded')];
    const { title, alerts } = tell('opened', ...many);
    expect(title).toBe('4 services are not well: b in production, a in production and 2 more');
    expect(alerts.map(({ service }) => service)).toEqual(['b', 'a', 'c', 'd']);
    expect(tell('resolved', told('a', 'ok'), told('b', 'ok')).title).toContain('2 services are OK again');
    expect(tell('resolved', told('a', 'ok'), told('b', 'paused')).title).toContain('2 alerts are over');
  });

  it('has the worst of each monitor that is not well, and the state of every zone', () => {
    const monitors = [
      { zone: 'fra', state: 'degraded' as const },
      { zone: 'ams', state: 'failed' as const, message: 'answered 503' },
      { id: 'n', name: 'Cart', zone: 'fra' },
    ];
    const [alert] = tell('opened', told('shop', 'failed', monitors)).alerts;
    expect(alert?.monitors).toEqual([
      { id: 'm', name: 'Home page', state: 'failed', reason: null, message: 'answered 503' },
    ]);
    expect(alert?.zones).toEqual([
      { zone: 'fra', state: 'degraded' },
      { zone: 'ams', state: 'failed' },
    ]);
  });

  it('for a test says that it is one, and links only where an address is known', () => {
    expect(tell('test')).toMatchObject({ kind: 'test', alerts: [], link: 'https://wk.test/' });
    expect(notificationOf({ kind: 'test', told: [], publicUrl: null, sentAtMs: 0 }).link).toBeNull();
  });
});
