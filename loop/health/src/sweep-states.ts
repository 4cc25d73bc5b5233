import {
  databaseNow,
  dropLeftStates,
  insertStateChanges,
  readStaleStates,
  type StaleState,
  type StateChange,
  saveStaleStates,
  tenantsWithServices,
} from '@watchkeeper/store';
import { type HealthOptions, healthReader } from './health-options.ts';
import { judgeRules } from './judge-rules.ts';
import { type Looking, lookAgain } from './looking.ts';
import { settleTenant } from './settle-tenant.ts';

const everyMs = 1000;
/** Everything is settled again in any case this often, milliseconds. */
const fullEveryMs = 60_000;

/**
 * Notices what no event tells: silence, pauses, monitors that were changed or deleted, new dependencies; and judges
 * alert rules. One process of all does it.
 */
export async function sweepStates(options: HealthOptions, signal: AbortSignal): Promise<void> {
  const { store, messages, clock, logger } = options;
  let looking: Looking | undefined;
  let isFullDue = true;
  let fullAtMs = Number.NEGATIVE_INFINITY;
  let wake = new AbortController();
  const rouse = () => {
    isFullDue = true;
    wake.abort();
  };
  const unsubscribe = [messages.subscribe('monitors', rouse), messages.subscribe('services', rouse)];
  try {
    while (!signal.aborted) {
      wake = new AbortController();
      const isFull: boolean = isFullDue || clock.nowMs() - fullAtMs >= fullEveryMs;
      isFullDue = false;
      try {
        looking = lookAgain(looking, await databaseNow(store.db));
        const isSwept = await sweepOnce(options, looking.since, isFull);
        const isChanged = (await judgeRules(options)) || isSwept;
        if (isFull) fullAtMs = clock.nowMs();
        if (isChanged) {
          await messages.publish('states');
          await messages.publish('alerts');
        }
      } catch (error) {
        isFullDue ||= isFull;
        logger.warn({ err: error }, 'looking for silence and judging alert rules failed; it is tried again');
      }
      await clock.pause(everyMs, AbortSignal.any([signal, wake.signal]));
    }
  } finally {
    for (const end of unsubscribe) end();
  }
}

async function sweepOnce({ store }: HealthOptions, notBefore: Date, isFull: boolean): Promise<boolean> {
  const stale = await readStaleStates(store.db, { notBefore, reader: healthReader });
  if (stale.length === 0 && !isFull) return false;
  return store.write(async (tx) => {
    const nowUs = (await databaseNow(tx)).getTime() * 1000;
    const changed = await saveStaleStates(tx, stale);
    await insertStateChanges(
      tx,
      changed
        .filter(({ state, previousState }) => state !== (previousState ?? 'unknown'))
        .map((pair) => changeOf(pair, nowUs)),
    );
    const dropped = isFull ? await dropLeftStates(tx) : 0;
    const tenants = isFull ? await tenantsWithServices(tx) : [...new Set(changed.map(({ tenantId }) => tenantId))];
    let isChanged = changed.length > 0 || dropped > 0;
    for (const tenantId of tenants.sort((a, b) => a - b)) {
      if (await settleTenant(tx, tenantId, nowUs)) isChanged = true;
    }
    return isChanged;
  });
}

function changeOf(pair: StaleState & { readonly message: string | null }, atUs: number): StateChange {
  const { tenantId, service, environment, monitorId, zone, state, previousState, message } = pair;
  return { atUs, tenantId, service, environment, monitorId, zone, state, previousState, reason: null, message };
}
