import { setImmediate } from 'node:timers/promises';
import { type LineContext, LineParser, type LineReading, type Precision } from '@watchkeeper/formats';
import type { Clock } from '@watchkeeper/kit';
import {
  type AppendResult,
  type EventReceipt,
  errorCatalogue,
  type InputSender,
  type RefusedInputs,
  WatchkeeperError,
} from '@watchkeeper/model';
import type { Caller } from '../handler.ts';
import { senderOf } from '../note-refused-body.ts';
import { deliveryOf } from './delivery-of.ts';

export interface LineProtocolOptions {
  /** Name of the database that events belong to without an attribute that says so. */
  readonly database: string;
  /** Largest body, inflated. */
  readonly bodyBytes: number;
  /** How long a body is remembered, so that the same one again is not stored again, milliseconds; 0: not at all. */
  readonly repeatedWithinMs: number;
}

export interface LineBody {
  readonly body: Buffer;
  readonly caller: Caller;
  readonly database: string;
  readonly precision: Precision;
  /** The door through which it came; the same body through another one is another delivery. */
  readonly door: string;
}

export interface LinesTaken {
  /** Events that are stored, now or before. */
  readonly stored: number;
  /** Lines that are not, and never will be. */
  readonly dropped: number;
  /** Why; empty where nothing was dropped. */
  readonly reason: string;
}

/** Most good lines of one body: as events they take far more memory than as bytes. */
export const linesPerBody = 500_000;
/** Lines that are read before others get their turn: about a millisecond. */
const linesPerTurn = 500;
/** Series that are found again by the bytes of their lines. */
const keptSeries = 100_000;
const keptContexts = 1000;
/** Bad lines that an answer names. */
const namedLines = 10;

/** Line protocol on its way from a body to the log. */
export class LineIntake {
  readonly #receipt: EventReceipt;
  readonly #refusedInputs: RefusedInputs;
  readonly #clock: Clock;
  readonly #options: LineProtocolOptions;
  readonly #parser = new LineParser(keptSeries);
  readonly #contexts = new Map<string, LineContext>();
  /** Bodies are read one after the other, so that the memory of one is enough for all that wait. */
  #readBefore: Promise<unknown> = Promise.resolve();

  constructor(
    {
      receipt,
      refusedInputs,
      clock,
    }: { readonly receipt: EventReceipt; readonly refusedInputs: RefusedInputs; readonly clock: Clock },
    options: LineProtocolOptions,
  ) {
    this.#receipt = receipt;
    this.#refusedInputs = refusedInputs;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Resolves when all good lines are stored.
   * @throws WatchkeeperError `body_too_large` for too many lines, and as `EventReceipt.take`
   */
  async take(given: LineBody): Promise<LinesTaken> {
    const { caller, database, precision } = given;
    const read = this.#readBefore.then(() => this.#read(given));
    this.#readBefore = read.catch(() => undefined);
    const reading = await read;
    this.#receipt.countUnreadable(reading.badCount);
    const sender = senderOf(caller, given.door);
    this.#noteBadLines(reading, sender);
    const { events } = reading;
    if (events.length === 0) return { stored: 0, dropped: reading.badCount, reason: reasonOf(reading, []) };
    const delivery = reading.isTimed
      ? await deliveryOf(given, [database, precision], this.#options.repeatedWithinMs)
      : undefined;
    const { stored, alreadyStored, refused } = await this.#receipt.take(events, delivery, sender);
    return {
      stored: stored + alreadyStored,
      dropped: reading.badCount + refused.length,
      reason: reasonOf(reading, refused),
    };
  }

  async #read({ body, caller, database, precision }: LineBody): Promise<LineReading> {
    const reading = this.#parser.open(body, {
      context: this.#contextOf(caller.tenant, database),
      precision,
      receivedUs: Math.floor(this.#clock.wallMs() * 1000),
    });
    while (reading.read(linesPerTurn)) {
      if (reading.events.length > linesPerBody)
        throw new WatchkeeperError(
          'body_too_large',
          `A body may have ${linesPerBody} lines; nothing of this one was stored. Send it in smaller parts.`,
          { details: { limit: linesPerBody } },
        );
      await setImmediate();
    }
    return reading;
  }

  #noteBadLines({ badLines, badCount }: LineReading, sender: InputSender): void {
    for (const { line, reason, text } of badLines)
      this.#refusedInputs.note(sender, {
        reason: 'input_unreadable',
        message: `line ${line}: ${reason}`,
        excerpt: text,
      });
    const count = badCount - badLines.length;
    if (count > 0)
      this.#refusedInputs.note(sender, { reason: 'input_unreadable', message: 'more such lines', excerpt: '', count });
  }

  /** Equal contexts are one object, by which known series are found. */
  #contextOf(tenant: string, database: string): LineContext {
    const key = JSON.stringify([tenant, database]);
    let context = this.#contexts.get(key);
    if (context === undefined) {
      if (this.#contexts.size >= keptContexts) this.#contexts.clear();
      context = { tenant, attributes: database === this.#options.database ? {} : { database } };
      this.#contexts.set(key, context);
    }
    return context;
  }
}

function reasonOf({ badLines, badCount }: LineReading, refused: AppendResult['refused']): string {
  const parts = badLines
    .slice(0, namedLines)
    .map(({ line, text, reason }) => `unable to parse '${text}' (line ${line}): ${reason}`);
  if (badCount > parts.length) parts.push(`${badCount - parts.length} more lines cannot be parsed`);
  for (const code of new Set(refused.map((one) => one.code)))
    parts.push(
      `${errorCatalogue[code].title.toLowerCase()} (${refused.filter((one) => one.code === code).length} lines)`,
    );
  return parts.join('; ');
}
