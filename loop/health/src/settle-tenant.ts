import type { State } from '@watchkeeper/model';
import {
  type AlertChannelRow,
  changeAlert,
  channelsTold,
  dropService,
  insertDelivery,
  insertStateChanges,
  listAlertChannels,
  lockTenantStates,
  measureServices,
  type OpenAlert,
  openAlert,
  readAlertsToKeep,
  readDependencies,
  readStoredServices,
  resolveAlert,
  type StoredService,
  saveService,
  type Tx,
  takeBackWaiting,
} from '@watchkeeper/store';
import { type DecidedService, decideServices } from './decide-services.ts';

/**
 * Brings the states of a tenant's services, their alerts and the outbox in line with the states of its monitors, in
 * the transaction that changed those. Everything is derived from rows, so it holds after any restart.
 * Returns whether anything was different.
 */
export async function settleTenant(tx: Tx, tenantId: number, nowUs: number): Promise<boolean> {
  await lockTenantStates(tx, tenantId);
  const { services, gone } = decideServices({
    measured: await measureServices(tx, tenantId),
    stored: await readStoredServices(tx, tenantId),
    dependencies: await readDependencies(tx, tenantId),
    nowUs,
  });
  const different = services.filter(({ isDifferent }) => isDifferent);
  if (different.length === 0 && gone.length === 0) return false;
  const open = await readAlertsToKeep(tx, tenantId);
  const channels = (await listAlertChannels(tx, tenantId)).filter(({ paused }) => !paused);
  for (const service of different) {
    await saveService(tx, tenantId, service);
    await noteChange(tx, tenantId, service, nowUs);
    await settleAlert(tx, { tenantId, service, channels, alert: open.find((alert) => isSame(alert, service)) });
  }
  for (const service of gone) {
    await dropService(tx, tenantId, service);
    const alert = open.find((candidate) => isSame(candidate, service));
    if (alert !== undefined) await resolve(tx, { tenantId, alert, channels });
  }
  return true;
}

async function noteChange(tx: Tx, tenantId: number, service: DecidedService, nowUs: number): Promise<void> {
  const { previousState, state, sinceUs, reason, message, environment } = service;
  // That a new service has no data yet is no news.
  if (state === previousState || (previousState === null && state === 'unknown')) return;
  const atUs = Math.min(sinceUs, nowUs);
  const change = { atUs, tenantId, service: service.service, environment, monitorId: null, zone: null };
  await insertStateChanges(tx, [{ ...change, state, previousState, reason, message }]);
}

interface AlertCase {
  readonly tenantId: number;
  readonly service: DecidedService;
  readonly channels: readonly AlertChannelRow[];
  readonly alert: OpenAlert | undefined;
}

async function settleAlert(tx: Tx, { tenantId, service, channels, alert }: AlertCase): Promise<void> {
  const { state, previousState, heldBy } = service;
  if (alert === undefined) {
    if (!isBad(state, previousState)) return;
    const id = await openAlert(tx, tenantId, { ...service, openedUs: service.sinceUs });
    if (heldBy === null) await tell(tx, { tenantId, alertId: id, service, channels });
    return;
  }
  if (state === 'ok' || state === 'paused' || state === 'maintenance') {
    await resolve(tx, { tenantId, alert, channels });
    return;
  }
  await changeAlert(tx, alert.id, service);
  if (heldBy !== null) await takeBackWaiting(tx, alert.id);
  else await tell(tx, { tenantId, alertId: alert.id, service, channels });
}

/** A service nobody has heard of yet is no reason to wake anybody. */
function isBad(state: State, previousState: State | null): boolean {
  if (state === 'unknown') return previousState !== null && previousState !== 'paused';
  return state === 'failed' || state === 'degraded';
}

/** Tells the channels that want this state; those that were told of the alert before hear of every other state too. */
async function tell(
  tx: Tx,
  { tenantId, alertId, service, channels }: Omit<AlertCase, 'alert'> & { readonly alertId: string },
): Promise<void> {
  const told = await channelsTold(tx, alertId);
  const { state, previousState } = service;
  for (const channel of channels.filter((candidate) => concerns(candidate, service))) {
    const before = told.get(channel.name);
    const isNew = before === undefined || before.isOnlyWaiting;
    if (!isNew && state === previousState) continue;
    if (isNew && !channel.states.includes(state)) continue;
    // What still waits would tell of a state that is over.
    if (before?.isOnlyWaiting === true) await takeBackWaiting(tx, alertId, channel.name);
    const kind = isNew ? 'opened' : 'changed';
    const delivery = {
      alertId,
      channel: channel.name,
      kind,
      state,
      previousState,
      waitMs: channel.groupWaitMs,
    } as const;
    await insertDelivery(tx, tenantId, delivery);
  }
}

/** Ends an alert. Who was told of it hears that it is over; who was about to be told hears nothing at all. */
async function resolve(
  tx: Tx,
  { tenantId, alert, channels }: { tenantId: number; alert: OpenAlert; channels: readonly AlertChannelRow[] },
): Promise<void> {
  await resolveAlert(tx, alert.id);
  const told = await channelsTold(tx, alert.id);
  for (const [name, { isOnlyWaiting }] of told) {
    if (isOnlyWaiting) {
      await takeBackWaiting(tx, alert.id, name);
      continue;
    }
    const channel = channels.find((candidate) => candidate.name === name);
    if (channel === undefined || !channel.resolved) continue;
    const delivery = { alertId: alert.id, channel: name, kind: 'resolved', waitMs: channel.groupWaitMs } as const;
    await insertDelivery(tx, tenantId, { ...delivery, state: 'ok', previousState: alert.state });
  }
}

function concerns({ environments, services }: AlertChannelRow, { service, environment }: StoredService): boolean {
  return (
    (environments.length === 0 || environments.includes(environment)) &&
    (services.length === 0 || services.includes(service))
  );
}

function isSame(alert: OpenAlert, service: StoredService): boolean {
  return alert.service === service.service && alert.environment === service.environment;
}
