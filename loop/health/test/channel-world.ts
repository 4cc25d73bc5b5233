import { openEgress } from '@watchkeeper/guard';
import type { AlertNotification } from '@watchkeeper/model';
import type { ChannelContext } from '../src/index.ts';

export const aNotification = (over: Partial<AlertNotification> = {}): AlertNotification => ({
  version: 1,
  kind: 'opened',
  sentAt: '2026-01-01T00:00:00.000Z',
  title: 'shop in production has failed',
  link: 'http://wk.test/',
  alerts: [
    {
      ...{
        id: 'a',
        tenant: 'default',
        service: 'shop',
        environment: 'production',
        rule: null,
        group: null,
        state: 'failed',
        previousState: 'ok',
      },
      ...{ reason: 'status', message: 'answered 503 & <more>', openedAt: '2026-01-01T00:00:00.000Z', resolvedAt: null },
      zones: [{ zone: 'fra', state: 'failed' }],
      monitors: [{ id: 'm', name: 'Home page', state: 'failed', reason: 'status', message: 'answered 503' }],
    },
  ],
  ...over,
});

export const aContext = (over: Partial<ChannelContext> = {}): ChannelContext => ({
  egress: openEgress({ policy: { private: 'allow', allow: [], deny: [] } }),
  credential: () => undefined,
  mail: undefined,
  deliveryId: 'd1',
  timeoutMs: 2000,
  ...over,
});
