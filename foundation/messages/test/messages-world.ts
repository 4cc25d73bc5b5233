import { createLogger, systemClock } from '@watchkeeper/kit';
import type { CloudEvent } from '@watchkeeper/model';

export const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });

/** Waits for a condition. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 20_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new Error(`waited ${withinMs / 1000} s for ${what}`);
    await systemClock.pause(20);
  }
}

/** Programs that this machine does not have; their tests are skipped at home and are a failure in CI. */
export const isMissing = (program: string) => (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes(program);

export function aNotification(over: Partial<CloudEvent> = {}): CloudEvent {
  const id = crypto.randomUUID();
  return {
    ...{ specversion: '1.0', id, source: '/watchkeeper/tenants/default', type: 'watchkeeper.object.changed' },
    ...{ subject: 'services/shop', time: '2026-11-21T07:20:10.000Z', datacontenttype: 'application/json' },
    data: { tenant: 'default', kind: 'service', name: 'shop', id: null, change: 'created', actor: 'ä ☂' },
    ...over,
  };
}
