import { BufferedOutlet, type SendBatch } from '@watchkeeper/buffer';
import { backoffMs, type Clock } from '@watchkeeper/kit';
import type { NewEvent } from '@watchkeeper/model';
import type { EmittedEvent } from './emitted-event.ts';
import type { Emitter, EmitterOptions, EmitterStats } from './emitter.ts';
import { type HttpSender, httpSender } from './http-send.ts';
import { type OwnedFolder, ownLeftParts, ownPart } from './own-folder.ts';
import { ProblemTeller } from './problem-teller.ts';
import { beforeEnd, keepAlive } from './process-end.ts';
import { toNewEvent } from './to-new-event.ts';

const openRetry = { firstMs: 1000, longestMs: 30_000 };

/** How often parts of the folder are looked for whose processes run no more, milliseconds. */
const leftEveryMs = 30_000;

export class BufferedEmitter implements Emitter {
  readonly #options: EmitterOptions;
  readonly #clock: Clock;
  readonly #teller: ProblemTeller;
  readonly #flushMs: number;
  readonly #memoryEvents: number;
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;
  readonly #lookingForLeft: Promise<void>;
  readonly #forgetProcess: () => void;
  /** Events from before the buffer was open. */
  #early: NewEvent[] = [];
  /** The part of the folder that new events go to, and then those that were left by processes that run no more. */
  readonly #parts: { readonly owned: OwnedFolder; readonly outlet: BufferedOutlet }[] = [];
  #sender: HttpSender | undefined;
  #closing: Promise<void> | undefined;
  #openError: string | null = null;
  #emitted = 0;
  #dropped = 0;
  #refused = 0;

  /** @param clock whose pauses do not keep the process alive */
  constructor(options: EmitterOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#teller = new ProblemTeller(options.onProblem);
    this.#flushMs = options.flushMs ?? 2000;
    this.#memoryEvents = options.memoryEvents ?? 10_000;
    this.#opening = this.#open();
    this.#lookingForLeft = this.#lookForLeft();
    const work = { flush: () => this.flush(), close: () => this.close(), isEmpty: () => this.stats().waiting === 0 };
    this.#forgetProcess = beforeEnd(work, options.signals ?? []);
  }

  emit(given: EmittedEvent): void {
    this.#emitted += 1;
    if (this.#closing !== undefined) {
      this.#dropped += 1;
      this.#teller.tell('An event came after the emitter was closed; it is dropped');
      return;
    }
    const event = this.#read(given);
    if (event === undefined) this.#refused += 1;
    else if (this.#own === undefined) this.#keepEarly(event);
    else this.#own.add(event);
  }

  stats(): EmitterStats {
    const outlets = this.#parts.map(({ outlet }) => outlet);
    const sum = (figure: (outlet: BufferedOutlet) => number) => outlets.reduce((total, one) => total + figure(one), 0);
    return {
      emitted: this.#emitted,
      sent: sum(({ sent }) => sent),
      waiting: this.#early.length + sum(({ waiting }) => waiting),
      dropped: this.#dropped + sum((outlet) => outlet.figures().dropped),
      refused: this.#refused + sum((outlet) => outlet.figures().refused),
      bufferBytes: sum((outlet) => outlet.figures().bytes),
      lastError: this.#openError ?? outlets.find(({ lastError }) => lastError !== null)?.lastError ?? null,
    };
  }

  async flush(withinMs = this.#flushMs): Promise<void> {
    const untilMs = this.#clock.nowMs() + withinMs;
    await keepAlive(Promise.race([this.#opening, this.#clock.pause(withinMs)]));
    const leftMs = Math.max(0, untilMs - this.#clock.nowMs());
    await keepAlive(Promise.all(this.#parts.map(({ outlet }) => outlet.flush(leftMs))));
  }

  close(withinMs = this.#flushMs): Promise<void> {
    this.#closing ??= keepAlive(this.#close(withinMs));
    return this.#closing;
  }

  async #close(withinMs: number): Promise<void> {
    this.#forgetProcess();
    await Promise.race([this.#opening, this.#clock.pause(withinMs)]);
    this.#stop.abort();
    await Promise.all([this.#opening, this.#lookingForLeft]);
    this.#dropped += this.#early.length;
    this.#early = [];
    const closed = this.#parts.map(async ({ outlet, owned }) => {
      await outlet.close(withinMs);
      await owned.release();
    });
    for (const one of await Promise.allSettled(closed))
      if (one.status === 'rejected') this.#teller.tell('The buffer of events could not be closed', { err: one.reason });
    this.#sender?.close();
  }

  #read(given: EmittedEvent): NewEvent | undefined {
    try {
      const event = toNewEvent(given, this.#options, this.#clock.wallMs());
      if (typeof event !== 'string') return event;
      this.#teller.tell(`An event cannot be sent: ${event}`);
    } catch (error) {
      // Such as a detail that is no JSON.
      this.#teller.tell('An event cannot be sent', { err: error });
    }
    return undefined;
  }

  #keepEarly(event: NewEvent): void {
    if (this.#early.length >= this.#memoryEvents) {
      this.#early.shift();
      this.#dropped += 1;
    }
    this.#early.push(event);
  }

  /** Opens the buffer, again and again until it can be opened. Never rejects. */
  async #open(): Promise<void> {
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted && this.#own === undefined; attempt++) {
      try {
        await this.#openParts();
        this.#openError = null;
      } catch (error) {
        const { folder, server } = this.#options;
        this.#openError = error instanceof Error ? error.message : String(error);
        this.#teller.tell(`Events for ${server} cannot be kept in ${folder}; it is tried again`, { err: error });
        await this.#clock.pause(backoffMs(attempt, openRetry), signal);
      }
    }
  }

  async #openParts(): Promise<void> {
    const { server, key, ca, folder, timeoutMs = 10_000 } = this.#options;
    this.#sender ??= httpSender({ server: new URL(server), key, timeoutMs, ...(ca === undefined ? {} : { ca }) });
    await this.#openPart(await ownPart(folder));
    for (const event of this.#early.splice(0)) this.#own?.add(event);
  }

  /** Sends what was left by processes that run no more, also by one that ends after this one has begun. Never rejects. */
  async #lookForLeft(): Promise<void> {
    const { signal } = this.#stop;
    await this.#opening;
    while (!signal.aborted) {
      try {
        for (const left of await ownLeftParts(this.#options.folder)) await this.#openPart(left);
      } catch (error) {
        this.#teller.tell(`What others have left in ${this.#options.folder} cannot be sent`, { err: error });
      }
      await this.#clock.pause(leftEveryMs, signal);
    }
  }

  async #openPart(owned: OwnedFolder): Promise<void> {
    const { bufferBytes = 64 * 1024 * 1024 } = this.#options;
    const { path: folder } = owned;
    const send: SendBatch = (...batch) => (this.#sender as HttpSender).send(...batch);
    const common = { memoryEvents: this.#memoryEvents, clock: this.#clock, logger: this.#teller.log };
    try {
      const outlet = await BufferedOutlet.open({ ...common, folder, limitBytes: bufferBytes, send });
      this.#parts.push({ owned, outlet });
    } catch (error) {
      await owned.release();
      throw error;
    }
  }

  /** Where new events go; undefined until it is open. */
  get #own(): BufferedOutlet | undefined {
    return this.#parts[0]?.outlet;
  }
}
