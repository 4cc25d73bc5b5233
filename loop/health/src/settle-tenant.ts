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
    if (alert !== undefined) await endAlert(tx, { tenantId, alert, channels, state: 'paused' });
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
  const { state, heldBy, isAwaited } = service;
  const isWell = state === 'ok' || state === 'paused' || state === 'maintenance';
  if (isWell) {
    if (alert !== undefined) await endAlert(tx, { tenantId, alert, channels, state });
    return;
  }
  // What nobody can know yet is no reason to wake anybody, and does not end an alert either.
  if (isAwaited) return;
  if (alert === undefined) {
    const id = await openAlert(tx, tenantId, { ...service, openedUs: service.sinceUs });
    if (heldBy === null) await tell(tx, { tenantId, alertId: id, service, channels });
    return;
  }
  await changeAlert(tx, alert.id, service);
  const isNews = state !== alert.state || alert.heldBy !== null;
  if (heldBy !== null) await takeBackWaiting(tx, alert.id);
  else if (isNews) await tell(tx, { tenantId, alertId: alert.id, service, channels });
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
    // What still waits would tell of a state that is over.
    if (before?.isOnlyWaiting === true) await takeBackWaiting(tx, alertId, channel.name);
    const isFirst = before === undefined || before.isOnlyWaiting;
    if (isFirst ? !channel.states.includes(state) : before.state === state) continue;
    await insertDelivery(tx, tenantId, {
      alertId,
      channel: channel.name,
      kind: isFirst ? 'opened' : 'changed',
      state,
      previousState: isFirst ? previousState : before.state,
      waitMs: channel.groupWaitMs,
    });
  }
}

export interface Ending {
  readonly tenantId: number;
  readonly alert: Pick<OpenAlert, 'id'>;
  readonly channels: readonly AlertChannelRow[];
  /** What the service came to; `paused` also when nobody watches it any more. */
  readonly state: State;
}

/**
 * Ends an alert. Who was told of it hears that it is over; who was about to be told hears nothing at all: a failure
 * shorter than the group wait wakes nobody.
 */
export async function endAlert(tx: Tx, { tenantId, alert, channels, state }: Ending): Promise<void> {
  await resolveAlert(tx, alert.id);
  for (const [name, told] of await channelsTold(tx, alert.id)) {
    if (told.isOnlyWaiting) {
      await takeBackWaiting(tx, alert.id, name);
      continue;
    }
    const channel = channels.find((candidate) => candidate.name === name);
    if (channel === undefined || !channel.resolved) continue;
    const delivery = { alertId: alert.id, channel: name, kind: 'resolved', waitMs: channel.groupWaitMs } as const;
    await insertDelivery(tx, tenantId, { ...delivery, state, previousState: told.state });
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
