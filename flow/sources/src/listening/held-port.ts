import type { Clock, Logger } from '@watchkeeper/kit';
import { WatchkeeperError } from '@watchkeeper/model';

/** A port that is open. */
export interface OpenPort {
  /** `udp 127.0.0.1:8125` */
  readonly place: string;
  /** Resolves with the reason when it broke by itself. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

export interface HeldPortOptions {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
  /** The setting by which somebody says another place: `listeners.statsd`. */
  readonly setting: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Rejects as `node:net` and `node:dgram` do. */
  readonly open: () => Promise<OpenPort>;
}

/** How often a port is tried that another program has, milliseconds. */
const tryEveryMs = 5000;

/**
 * A port that is held as long as nobody else has it: while another program does (a second Watchkeeper, say) it is tried
 * again and again, so that it is taken over when that one ends.
 */
export class HeldPort {
  readonly #options: HeldPortOptions;
  readonly #stop = new AbortController();
  #port: OpenPort | undefined;
  #holding: Promise<void> | undefined;

  constructor(options: HeldPortOptions) {
    this.#options = options;
  }

  /** Where it listens; undefined while it does not. */
  get place(): string | undefined {
    return this.#port?.place;
  }

  /** Tries once and goes on by itself. @throws WatchkeeperError `settings_invalid` where no machine has such a place */
  async start(): Promise<this> {
    const error = await this.#tryOpen();
    const { protocol, host, port, setting, logger } = this.#options;
    const place = `${protocol} ${host}:${port}`;
    if (error !== undefined && error.code !== 'EADDRINUSE')
      throw new WatchkeeperError(
        'settings_invalid',
        `Cannot listen on ${place} (${error.code ?? error.message}). Set ${setting}.host to an address of this machine and ${setting}.port to a port above 1023, or ${setting}.enabled to false.`,
        { cause: error },
      );
    if (error !== undefined)
      logger.warn(
        { place },
        `another program listens on ${place}; nothing is taken there until it ends. ${setting}.port names another port, ${setting}.enabled: false is silent`,
      );
    this.#holding = this.#hold();
    return this;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#port?.close();
    await this.#holding;
  }

  async #hold(): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stop;
    const stopped = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    while (!signal.aborted) {
      if (this.#port === undefined) {
        await clock.pause(tryEveryMs, signal);
        if (signal.aborted) break;
        if ((await this.#tryOpen()) === undefined) logger.info({ place: this.place }, 'a port was free and is taken');
        continue;
      }
      const error = await Promise.race([this.#port.failed, stopped]);
      if (error === undefined) break;
      logger.warn({ err: error, place: this.#port.place }, 'a port failed; it is opened again');
      await this.#port.close();
      this.#port = undefined;
    }
    await this.#port?.close();
    this.#port = undefined;
  }

  async #tryOpen(): Promise<NodeJS.ErrnoException | undefined> {
    try {
      this.#port = await this.#options.open();
      this.#options.logger.debug({ place: this.#port.place }, 'listening');
      return undefined;
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  }
}
