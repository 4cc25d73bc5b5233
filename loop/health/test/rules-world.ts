import { type AlertRuleInput, filledInRule, type NewEvent, type Outcome } from '@watchkeeper/model';
import { databaseNow, defaultTenantId, deleteAlertRule, putAlertRule, readAlertRuleStatus } from '@watchkeeper/store';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { type HealthWorld, until } from './health-world.ts';

/** One order: how long it took, in which shop, and how many seconds ago. */
export interface Order {
  readonly ms?: number;
  readonly shop?: string;
  readonly agoS?: number;
  readonly outcome?: Outcome;
}

let producers = 0;

/** Alert rules and orders in a world of health. Windows are short, and nothing waits for late events. */
export function rulesIn(world: HealthWorld) {
  const put = (over: Partial<AlertRuleInput> & Pick<AlertRuleInput, 'aggregate'>) =>
    world.store.write((tx) =>
      putAlertRule(
        tx,
        defaultTenantId,
        filledInRule({ name: 'slow', events: 'order.placed', window: '2s', delay: '0s', ...over }),
      ),
    );
  return {
    put,
    remove: (name = 'slow') => world.store.write((tx) => deleteAlertRule(tx, defaultTenantId, name)),
    async placed(...orders: readonly Order[]) {
      producers += 1;
      const producer = `shop-${producers}`;
      const nowUs = (await databaseNow(world.store.db)).getTime() * 1000;
      const { epoch } = await world.eventLog.openProducer(producer);
      const events = orders.map(
        ({ ms, shop = 'north', agoS = 0, outcome = 'ok' }): NewEvent =>
          anEvent({
            series: aSeries({
              ...{ name: 'order.placed', source: '', attributes: { shop } },
              valueNames: ms === undefined ? [] : ['ms'],
            }),
            values: ms === undefined ? [] : [ms],
            timeUs: Math.floor(nowUs - agoS * 1_000_000),
            outcome,
          }),
      );
      await world.eventLog.append({ producer, epoch, firstSeq: 1, events });
    },
    /** Waits until there are so many alerts, and so many of them open. */
    alerts: (all: number, open: number) =>
      until(`${all} alerts, ${open} of them open`, async () => {
        const found = await world.alerts();
        const isSo = found.length === all && found.filter(({ resolvedAt }) => resolvedAt === null).length === open;
        return isSo && found;
      }),
    status: async () => (await readAlertRuleStatus(world.store.db, defaultTenantId))[0],
  };
}
