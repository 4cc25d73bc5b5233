import type { MeasuredService, StoredService } from '@watchkeeper/store';
import { describe, expect, it } from 'vitest';
import { decideServices } from './decide-services.ts';

const measured = (
  service: string,
  state: MeasuredService['state'],
  over: Partial<MeasuredService> = {},
): MeasuredService => ({
  ...{ service, environment: 'production', state, sinceUs: 100, reason: null, message: null },
  ...{ monitor: 'm', zone: 'z', affected: 1, all: 1 },
  ...over,
});
const stored = (service: string, state: StoredService['state'], over: Partial<StoredService> = {}): StoredService => ({
  ...{ service, environment: 'production', state, sinceUs: 50, reason: null, message: null, heldBy: null },
  ...over,
});
const needs = (pairs: Record<string, string[]>) => new Map(Object.entries(pairs));
const heldBy = (services: readonly MeasuredService[], dependencies: Record<string, string[]>) =>
  Object.fromEntries(
    decideServices({ measured: services, stored: [], dependencies: needs(dependencies), nowUs: 200 }).services.map(
      (row) => [row.service, row.heldBy],
    ),
  );

describe('States of services', () => {
  it('keep their beginning while they stay, begin with the first report when they get worse, and now when they get better', () => {
    const decide = (now: MeasuredService['state'], before: StoredService['state']) =>
      decideServices({
        measured: [measured('shop', now)],
        stored: [stored('shop', before)],
        dependencies: needs({}),
        nowUs: 200,
      }).services[0];
    expect(decide('failed', 'failed')).toMatchObject({ sinceUs: 50, isDifferent: false });
    expect(decide('failed', 'ok')).toMatchObject({ sinceUs: 100, previousState: 'ok', isDifferent: true });
    expect(decide('ok', 'failed')).toMatchObject({ sinceUs: 200, previousState: 'failed', isDifferent: true });
  });

  it('are gone when no monitor watches the service any more', () => {
    const { gone, services } = decideServices({
      measured: [],
      stored: [stored('shop', 'ok')],
      dependencies: needs({}),
      nowUs: 1,
    });
    expect([gone.length, services.length]).toEqual([1, 0]);
  });

  it('are held by the failed service at the bottom of a chain', () => {
    const services = [measured('shop', 'failed'), measured('cart', 'degraded'), measured('database', 'failed')];
    expect(heldBy(services, { shop: ['cart'], cart: ['database'] })).toEqual({
      shop: 'database',
      cart: 'database',
      database: null,
    });
  });

  it('are not held by what is only slow, by what is well in this environment, or while they are well', () => {
    expect(heldBy([measured('shop', 'failed'), measured('cart', 'degraded')], { shop: ['cart'] })).toMatchObject({
      shop: null,
    });
    const elsewhere = measured('cart', 'failed', { environment: 'staging' });
    expect(heldBy([measured('shop', 'failed'), elsewhere], { shop: ['cart'] })).toMatchObject({ shop: null });
    expect(heldBy([measured('shop', 'ok'), measured('cart', 'failed')], { shop: ['cart'] })).toMatchObject({
      shop: null,
    });
  });

  it('that depend on each other in a circle do not hold each other: somebody must be told', () => {
    const services = [measured('a', 'failed'), measured('b', 'failed'), measured('c', 'failed')];
    expect(heldBy(services, { a: ['b'], b: ['a'], c: ['a'] })).toEqual({ a: null, b: null, c: 'a' });
  });
});
