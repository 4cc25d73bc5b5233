import { createHash } from 'node:crypto';
import { backoffMs, type Clock, failpoint, type Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import { type AnswerOf, isWatchkeeperError, type PluginLoaders, type Sent } from '@watchkeeper/model';
import {
  type AlertChannelRow,
  asStoreError,
  type ClaimedDelivery,
  claimDeliveries,
  findAlertChannel,
  markDelivered,
  markFailed,
  readAlertMonitors,
  readAlerts,
  type Store,
  untilNextDelivery,
} from '@watchkeeper/store';
import type { ChannelContext, RunnableChannelType } from './channel-context.ts';
import { notificationOf, type ToldAlert } from './notifications.ts';

/** What sending needs of its surroundings. */
export interface Sending extends Pick<ChannelContext, 'egress' | 'credential' | 'mail'> {
  readonly clock: Clock;
  readonly channelTypes: PluginLoaders<RunnableChannelType>;
  /** Address for links; null while it is not known. */
  readonly publicUrl: () => string | null;
}

export interface DeliveriesOptions extends Sending {
  readonly store: Store;
  readonly messages: Messages;
  readonly logger: Logger;
}

export interface DeliveriesStats {
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly givenUp: number;
  readonly lastError: string | null;
}

export interface Deliveries {
  stats(): DeliveriesStats;
  /** Waits for what is being sent and ends. May be called twice. */
  drain(): Promise<void>;
}

const sendTimeoutMs = 10_000;
/** A claim outlives the longest attempt; after a crash the notification is sent again when it has run out. */
const claimSeconds = 30;
const atOnce = 100;
const retryBackoff = { firstMs: 1000, longestMs: 300_000 };
/** Nobody wants to hear of it later than this, milliseconds. */
const giveUpAfterMs = 24 * 3_600_000;
/** Longest wait before the outbox is looked at in any case, milliseconds. */
const idleMs = 5000;

/** Sends what stands in the outbox. At least once: a receiver can drop repetitions by the delivery's identifier. */
export function startDeliveries(options: DeliveriesOptions): Deliveries {
  const stop = new AbortController();
  const sender = new Sender(options);
  const running = sender.run(stop.signal);
  return {
    stats: () => sender.stats(),
    async drain() {
      stop.abort();
      await running;
    },
  };
}

class Sender {
  readonly #options: DeliveriesOptions;
  #delivered = 0;
  #failedAttempts = 0;
  #givenUp = 0;
  #lastError: string | null = null;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  stats(): DeliveriesStats {
    return {
      delivered: this.#delivered,
      failedAttempts: this.#failedAttempts,
      givenUp: this.#givenUp,
      lastError: this.#lastError,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { store, messages, clock, logger } = this.#options;
    let wake = new AbortController();
    const unsubscribe = messages.subscribe('alerts', () => wake.abort());
    for (let failures = 0; !signal.aborted; ) {
      wake = new AbortController();
      let pauseMs = idleMs;
      try {
        const claimed = await claimDeliveries(store.db, { limit: atOnce, claimSeconds });
        await this.#sendAll(claimed);
        if (claimed.length > 0) await messages.publish('states');
        failures = 0;
        pauseMs = Math.min(idleMs, Math.max(10, (await untilNextDelivery(store.db)) ?? idleMs));
      } catch (error) {
        failures += 1;
        pauseMs = backoffMs(failures, { firstMs: 500, longestMs: 10_000 });
        logger.warn({ err: asStoreError(error) }, 'the outbox of alerts could not be read; it is tried again');
      }
      await clock.pause(pauseMs, AbortSignal.any([signal, wake.signal]));
    }
    unsubscribe();
  }

  /** What is due for the same channel and of the same kind goes out together; channels do not wait for each other. */
  async #sendAll(claimed: readonly ClaimedDelivery[]): Promise<void> {
    const groups = Map.groupBy(claimed, ({ tenantId, channel, kind }) => `${tenantId} ${channel} ${kind}`);
    await Promise.all([...groups.values()].map((group) => this.#sendGroup(group)));
  }

  async #sendGroup(group: readonly ClaimedDelivery[]): Promise<void> {
    const { store, logger } = this.#options;
    const first = group[0] as ClaimedDelivery;
    const ids = group.map(({ id }) => id);
    const channel = await findAlertChannel(store.db, first.tenantId, first.channel);
    failpoint('alert.before-send');
    const sent: Sent =
      channel === undefined
        ? { ok: false, error: 'the channel was deleted', isFinal: true }
        : await this.#send(channel, group);
    failpoint('alert.after-send');
    if (sent.ok) {
      await markDelivered(store.db, ids);
      this.#delivered += group.length;
      return;
    }
    const isOld = group.some(({ ageMs }) => ageMs > giveUpAfterMs);
    const retryMs = sent.isFinal || isOld ? null : backoffMs(first.attempts, retryBackoff);
    await markFailed(store.db, ids, { error: sent.error, retryMs });
    this.#lastError = sent.error;
    if (retryMs === null) this.#givenUp += group.length;
    else this.#failedAttempts += 1;
    logger.warn(
      { channel: first.channel, attempts: first.attempts, error: sent.error },
      retryMs === null
        ? 'an alert could not be delivered and is given up'
        : 'an alert could not be delivered; it is tried again',
    );
  }

  async #send(channel: AlertChannelRow, group: readonly ClaimedDelivery[]): Promise<Sent> {
    const { store, clock, publicUrl } = this.#options;
    const told: ToldAlert[] = [];
    for (const delivery of group) {
      const [alert] = await readAlerts(store.db, { tenantId: channel.tenantId, id: delivery.alertId, limit: 1 });
      if (alert === undefined) continue;
      const { service, environment } = alert;
      const monitors = await readAlertMonitors(store.db, { tenantId: channel.tenantId, service, environment });
      told.push({ delivery, alert, monitors });
    }
    const kind = (group[0] as ClaimedDelivery).kind;
    const notification = notificationOf({ kind, told, publicUrl: publicUrl(), sentAtMs: clock.wallMs() });
    const deliveryId = createHash('sha256')
      .update(group.map(({ id }) => id).join(' '))
      .digest('hex')
      .slice(0, 32);
    return sendThrough(channel, notification, deliveryId, this.#options);
  }
}

/** Sends a test notification through a channel as it is described and tells what became of it. */
export async function sendTest(
  channel: Pick<AlertChannelRow, 'type' | 'options'>,
  sending: Sending,
): Promise<AnswerOf<'testAlertChannel'>> {
  const { clock, publicUrl } = sending;
  const startedAtMs = clock.nowMs();
  const notification = notificationOf({ kind: 'test', told: [], publicUrl: publicUrl(), sentAtMs: clock.wallMs() });
  const sent = await sendThrough(channel, notification, crypto.randomUUID(), sending);
  const durationMs = clock.nowMs() - startedAtMs;
  return sent.ok
    ? { delivered: true, answer: sent.answer, error: null, durationMs }
    : { delivered: false, answer: null, error: sent.error, durationMs };
}

async function sendThrough(
  { type, options }: Pick<AlertChannelRow, 'type' | 'options'>,
  notification: Parameters<RunnableChannelType['send']>[0],
  deliveryId: string,
  { channelTypes, egress, credential, mail }: Sending,
): Promise<Sent> {
  const load = Object.hasOwn(channelTypes, type) ? channelTypes[type] : undefined;
  if (load === undefined) return { ok: false, error: `this process knows no channel type "${type}"`, isFinal: false };
  const { default: plugin } = await load();
  try {
    const context = { egress, credential, mail, deliveryId, timeoutMs: sendTimeoutMs };
    return await plugin.send(notification, options as never, context);
  } catch (error) {
    if (isWatchkeeperError(error)) return { ok: false, error: error.message, isFinal: false };
    return {
      ok: false,
      error: `sending stopped with an error of Watchkeeper: ${(error as Error).message}`,
      isFinal: false,
    };
  }
}
