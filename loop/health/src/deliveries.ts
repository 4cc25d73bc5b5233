import { backoffMs, type Clock, failpoint, type Logger } from '@watchkeeper/kit';
import type { Messages } from '@watchkeeper/messages';
import { type AnswerOf, isWatchkeeperError, type PluginLoaders, type Sent } from '@watchkeeper/model';
import {
  type AlertChannelRow,
  asStoreError,
  claimNotifications,
  type Delivery,
  findAlertChannel,
  markDelivered,
  markFailed,
  readAlertMonitors,
  readAlerts,
  readNotification,
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
  /** Time after which a notification whose sender died is sent again, seconds. Default 30. */
  readonly claimSeconds?: number;
}

export interface DeliveriesStats {
  readonly delivered: number;
  /** Notifications that were not taken, each attempt once. */
  readonly failedAttempts: number;
  /** Deliveries that nobody will try again. */
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
const defaultClaimSeconds = 30;
/** Most deliveries claimed at once; nothing is claimed while this many notifications are under way. */
const claimAtOnce = 100;
const mostUnderWay = 50;
const retryBackoff = { firstMs: 1000, longestMs: 300_000 };
/** Nobody wants to hear of it later than this, milliseconds. */
const giveUpAfterMs = 24 * 3_600_000;
/** Longest wait before the outbox is looked at in any case, milliseconds. */
const idleMs = 5000;

/** Sends what stands in the outbox. At least once: a receiver can drop repetitions by the notification's identifier. */
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
  readonly #underWay = new Set<Promise<void>>();
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

  /** Notifications do not wait for each other: a receiver that hangs delays no other one. */
  async run(signal: AbortSignal): Promise<void> {
    const { store, messages, clock, logger, claimSeconds = defaultClaimSeconds } = this.#options;
    let wake = new AbortController();
    const unsubscribe = messages.subscribe('alerts', () => wake.abort());
    for (let failures = 0; !signal.aborted; ) {
      wake = new AbortController();
      let pauseMs = idleMs;
      try {
        if (this.#underWay.size < mostUnderWay) {
          for (const id of await claimNotifications(store.db, { limit: claimAtOnce, claimSeconds })) {
            const sending = this.#deliver(id).finally(() => {
              this.#underWay.delete(sending);
              wake.abort();
            });
            this.#underWay.add(sending);
          }
          pauseMs = Math.min(idleMs, Math.max(10, (await untilNextDelivery(store.db)) ?? idleMs));
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        pauseMs = backoffMs(failures, { firstMs: 500, longestMs: 10_000 });
        logger.warn({ err: asStoreError(error) }, 'the outbox of alerts could not be read; it is tried again');
      }
      await clock.pause(pauseMs, AbortSignal.any([signal, wake.signal]));
    }
    unsubscribe();
    await Promise.all(this.#underWay);
  }

  /** Sends one notification and notes what became of it. When that cannot be noted, the claim runs out and it comes again. */
  async #deliver(id: string): Promise<void> {
    const { store, messages, logger } = this.#options;
    try {
      const deliveries = await readNotification(store.db, id);
      const [first] = deliveries;
      // Taken away meanwhile: its channel was deleted, or another sender was faster.
      if (first === undefined) return;
      failpoint('alert.before-send');
      const sent = await this.#send(id, first, deliveries);
      failpoint('alert.after-send');
      if (sent.ok) {
        await markDelivered(store.db, id);
        this.#delivered += deliveries.length;
      } else {
        await this.#noteFailure(id, sent, deliveries);
      }
      await messages.publish('states');
    } catch (error) {
      logger.warn({ err: asStoreError(error) }, 'what became of an alert could not be noted; it is sent again');
    }
  }

  async #noteFailure(
    id: string,
    { error, isFinal }: Extract<Sent, { ok: false }>,
    deliveries: readonly Delivery[],
  ): Promise<void> {
    const { store, logger } = this.#options;
    const { channel, attempts = 1 } = deliveries[0] ?? {};
    const retryMs =
      isFinal || deliveries.some(({ ageMs }) => ageMs > giveUpAfterMs) ? null : backoffMs(attempts, retryBackoff);
    await markFailed(store.db, id, { error, retryMs });
    this.#lastError = error;
    this.#failedAttempts += 1;
    if (retryMs === null) this.#givenUp += deliveries.length;
    logger.warn(
      { channel, attempts, error },
      retryMs === null
        ? 'an alert could not be delivered and is given up'
        : 'an alert could not be delivered; it is tried again',
    );
  }

  async #send(id: string, { tenantId, channel: name, kind }: Delivery, deliveries: readonly Delivery[]): Promise<Sent> {
    const { store, clock, publicUrl } = this.#options;
    const channel = await findAlertChannel(store.db, tenantId, name);
    if (channel === undefined) return { ok: false, error: 'the channel was deleted', isFinal: true };
    if (channel.paused) return { ok: false, error: 'the channel is paused', isFinal: true };
    const told: ToldAlert[] = [];
    for (const delivery of deliveries) {
      const [alert] = await readAlerts(store.db, { tenantId, id: delivery.alertId, limit: 1 });
      if (alert === undefined) continue;
      const { service, environment, rule } = alert;
      const monitors = rule === null ? await readAlertMonitors(store.db, { tenantId, service, environment }) : [];
      told.push({ delivery, alert, monitors });
    }
    const notification = notificationOf({ kind, told, publicUrl: publicUrl(), sentAtMs: clock.wallMs() });
    return sendThrough(channel, notification, id, this.#options);
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
  const context = { egress, credential, mail, deliveryId, timeoutMs: sendTimeoutMs };
  const sent = await plugin.send(notification, options as never, context).catch(failureOf);
  return sent.ok ? { ok: true, answer: plainText(sent.answer) } : { ...sent, error: plainText(sent.error) };
}

/** A channel type says what went wrong; one that throws has a mistake, and nobody must miss an alert for it. */
function failureOf(error: unknown): Sent {
  const { message } = error as Error;
  const said = isWatchkeeperError(error) ? message : `sending stopped with an error of Watchkeeper: ${message}`;
  return { ok: false, error: said, isFinal: false };
}

/** What a receiver says is shown and stored: one line, no control characters, no end. */
function plainText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 500)
    .toWellFormed();
}
