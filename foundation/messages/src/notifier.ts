import { backoffMs, type Clock, failpoint, type Logger } from '@watchkeeper/kit';
import { type CloudEvent, WatchkeeperError } from '@watchkeeper/model';
import {
  asStoreError,
  claimOutgoing,
  markOutgoingDelivered,
  markOutgoingFailed,
  type OutgoingNotification,
  type Store,
} from '@watchkeeper/store';
import type { Carrier } from './message-driver.ts';
import type { Messages, Topic } from './messages.ts';

export interface NotifierOptions {
  readonly store: Store;
  readonly messages: Messages;
  readonly carrier: Carrier;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How this installation names itself in the source of a notification. */
  readonly source: string;
  /** Time after which a notification whose notifier died is sent again, seconds. Default 30; longer than one attempt. */
  readonly claimSeconds?: number;
}

export interface NotifierStats {
  readonly delivered: number;
  /** Notifications that were not taken, each attempt once. */
  readonly failedAttempts: number;
  readonly lastError: string | null;
}

export interface Notifier {
  stats(): NotifierStats;
  /** Waits for what is being sent and ends. May be called twice. */
  drain(): Promise<void>;
}

/** Whoever changes what is told publishes one of these after the commit. */
const wakingTopics: readonly Topic[] = ['alerts', 'monitors', 'rollups', 'services', 'sinks', 'states'];
/** Most notifications under way at once. */
const claimAtOnce = 500;
/** Longest wait for the broker to take one, milliseconds. */
const sendTimeoutMs = 5000;
const defaultClaimSeconds = 30;
const retryBackoff = { firstMs: 500, longestMs: 30_000 };
/** Longest wait before the outbox is looked at in any case, milliseconds. */
const idleMs = 1000;

/**
 * Brings out what stands in the outbox of notifications. At least once: a notification is sent until the broker has
 * confirmed it and that is noted, with the same identifier at every attempt. Nothing is given up.
 */
export function startNotifier(options: NotifierOptions): Notifier {
  const stop = new AbortController();
  const sender = new NotificationSender(options);
  const running = sender.run(stop.signal);
  return {
    stats: () => sender.stats(),
    async drain() {
      stop.abort();
      await running;
    },
  };
}

class NotificationSender {
  readonly #options: NotifierOptions;
  #delivered = 0;
  #failedAttempts = 0;
  #lastError: string | null = null;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  stats(): NotifierStats {
    return { delivered: this.#delivered, failedAttempts: this.#failedAttempts, lastError: this.#lastError };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { messages, clock, logger } = this.#options;
    let wake = new AbortController();
    const unsubscribe = wakingTopics.map((topic) => messages.subscribe(topic, () => wake.abort()));
    for (let failures = 0; !signal.aborted; ) {
      wake = new AbortController();
      try {
        const { claimed, delivered } = await this.#sendDue();
        if (delivered > 0) failures = 0;
        else if (claimed > 0) failures += 1;
        else await clock.pause(idleMs, AbortSignal.any([signal, wake.signal]));
      } catch (error) {
        failures += 1;
        this.#lastError = (error as Error).message;
        logger.warn({ err: asStoreError(error) }, 'the outbox of notifications failed; it is tried again');
      }
      // Where nothing gets through, news are no reason to hurry.
      if (failures > 0) await clock.pause(backoffMs(failures, { firstMs: 200, longestMs: 5000 }), signal);
    }
    for (const end of unsubscribe) end();
  }

  /** Sends what is due and notes what became of it. When that cannot be noted, the claims run out and it comes again. */
  async #sendDue(): Promise<{ readonly claimed: number; readonly delivered: number }> {
    const { store, claimSeconds = defaultClaimSeconds } = this.#options;
    const claimed = await claimOutgoing(store.db, { limit: claimAtOnce, claimSeconds });
    if (claimed.length === 0) return { claimed: 0, delivered: 0 };
    failpoint('notifier.before-send');
    const delivered: string[] = [];
    const failures: { id: string; error: string; retryMs: number }[] = [];
    await Promise.all(
      claimed.map(async (notification) => {
        const { id, attempts } = notification;
        try {
          await this.#send(notification);
          delivered.push(id);
        } catch (error) {
          failures.push({ id, error: (error as Error).message, retryMs: backoffMs(attempts, retryBackoff) });
        }
      }),
    );
    failpoint('notifier.before-mark');
    if (delivered.length > 0) await markOutgoingDelivered(store.db, delivered);
    failpoint('notifier.after-mark');
    this.#delivered += delivered.length;
    if (failures.length > 0) await this.#noteFailures(failures);
    else this.#lastError = null;
    return { claimed: claimed.length, delivered: delivered.length };
  }

  async #noteFailures(failures: readonly { id: string; error: string; retryMs: number }[]): Promise<void> {
    const { store, logger } = this.#options;
    await markOutgoingFailed(store.db, failures);
    const [{ error } = { error: '' }] = failures;
    this.#failedAttempts += failures.length;
    this.#lastError = error;
    logger.warn({ count: failures.length, error }, 'notifications were not taken; they are tried again');
  }

  async #send(notification: OutgoingNotification): Promise<void> {
    const { carrier, clock, source } = this.#options;
    const isSettled = new AbortController();
    const late = clock.pause(sendTimeoutMs, isSettled.signal).then(() => {
      if (isSettled.signal.aborted) return;
      throw new WatchkeeperError(
        'broker_unavailable',
        `The broker did not confirm notification ${notification.type} within ${sendTimeoutMs / 1000} s. It is tried again.`,
      );
    });
    try {
      await Promise.race([carrier.send(cloudEventOf(notification, source)), late]);
    } finally {
      isSettled.abort();
    }
  }
}

/** The CloudEvent of a notification, the same at every attempt. */
export function cloudEventOf(notification: OutgoingNotification, source: string): CloudEvent {
  const { id, tenant, type, subject, at, data } = notification;
  return {
    ...{ specversion: '1.0', id, source: `${source}/tenants/${encodeURIComponent(tenant)}`, type, subject },
    ...{ time: at.toISOString(), datacontenttype: 'application/json', data },
  };
}
