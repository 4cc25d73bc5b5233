import { setImmediate } from 'node:timers/promises';
import { type OtlpPartialSuccess, OtlpReading, parseOtlpJson, parseOtlpProtobuf } from '@watchkeeper/formats';
import type { Clock } from '@watchkeeper/kit';
import {
  type AppendResult,
  type EventReceipt,
  errorCatalogue,
  type RefusedInputs,
  WatchkeeperError,
} from '@watchkeeper/model';
import { senderOf } from '../note-refused-body.ts';
import { type DeliveredBody, deliveryOf } from './delivery-of.ts';
import type { LineProtocolOptions } from './line-intake.ts';

export interface OtlpBody extends DeliveredBody {
  readonly isJson: boolean;
}

/** Points that are read before others get their turn: about a millisecond. */
const pointsPerTurn = 200;
/** Largest body in JSON, which is read in one turn. */
export const otlpJsonBytes = 4 * 1024 * 1024;
/** Rejections that an answer names. */
const namedRejections = 10;

/** Metrics of OpenTelemetry on their way from a body to the log. */
export class OtlpIntake {
  readonly #receipt: EventReceipt;
  readonly #refusedInputs: RefusedInputs;
  readonly #clock: Clock;
  readonly #repeatedWithinMs: number;

  constructor(
    {
      receipt,
      refusedInputs,
      clock,
    }: { readonly receipt: EventReceipt; readonly refusedInputs: RefusedInputs; readonly clock: Clock },
    { repeatedWithinMs }: Pick<LineProtocolOptions, 'repeatedWithinMs'>,
  ) {
    this.#receipt = receipt;
    this.#refusedInputs = refusedInputs;
    this.#clock = clock;
    this.#repeatedWithinMs = repeatedWithinMs;
  }

  /**
   * Resolves when all good points are stored; tells of the others, undefined where there are none.
   * @throws WatchkeeperError `body_malformed`, `body_too_large`, and as `EventReceipt.take`
   */
  async take(given: OtlpBody): Promise<OtlpPartialSuccess | undefined> {
    const { body, caller, isJson, door } = given;
    const reading = new OtlpReading(requestOf(body, isJson), {
      tenant: caller.tenant,
      receivedUs: Math.floor(this.#clock.wallMs() * 1000),
    });
    while (reading.read(pointsPerTurn)) await setImmediate();
    const sender = senderOf(caller, door);
    this.#receipt.countUnreadable(reading.rejectedPoints);
    let told = 0;
    for (const { place, reason, text, points } of reading.rejections) {
      told += points;
      const message = `${place}: ${reason}`;
      this.#refusedInputs.note(sender, { reason: 'input_unreadable', message, excerpt: text, count: points });
    }
    const untold = { reason: 'input_unreadable', message: 'more such points', excerpt: '' } as const;
    this.#refusedInputs.note(sender, { ...untold, count: reading.rejectedPoints - told });
    const { events } = reading;
    if (events.length === 0) return answerOf(reading, []);
    const delivery = reading.isTimed ? await deliveryOf(given, [], this.#repeatedWithinMs) : undefined;
    const { refused } = await this.#receipt.take(events, delivery, sender);
    return answerOf(reading, refused);
  }
}

function requestOf(body: Buffer, isJson: boolean): unknown {
  if (isJson && body.length > otlpJsonBytes)
    throw new WatchkeeperError(
      'body_too_large',
      `A body in JSON may have ${otlpJsonBytes} bytes, inflated; this one has ${body.length}. Send it in smaller parts or as Protocol Buffers.`,
      { details: { limit: otlpJsonBytes } },
    );
  try {
    const request = isJson ? parseOtlpJson(body) : parseOtlpProtobuf(body);
    if (typeof request === 'object' && request !== null && !Array.isArray(request)) return request;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw unreadable(isJson, error.message, error);
  }
  throw unreadable(isJson, 'it is no object');
}

function unreadable(isJson: boolean, why: string, cause?: unknown): WatchkeeperError {
  return new WatchkeeperError(
    'body_malformed',
    `The body cannot be read as an ExportMetricsServiceRequest in ${isJson ? 'JSON' : 'Protocol Buffers'} (${why}). Send it as opentelemetry-proto describes it.`,
    { cause },
  );
}

function answerOf(
  { rejections, rejectedPoints }: OtlpReading,
  refused: AppendResult['refused'],
): OtlpPartialSuccess | undefined {
  if (rejectedPoints + refused.length === 0) return undefined;
  const parts = rejections.slice(0, namedRejections).map(({ place, reason }) => `${place}: ${reason}`);
  if (rejections.length > parts.length) parts.push(`${rejections.length - parts.length} more cannot be taken`);
  for (const code of new Set(refused.map((one) => one.code)))
    parts.push(
      `${errorCatalogue[code].title.toLowerCase()} (${refused.filter((one) => one.code === code).length} points)`,
    );
  return { rejectedPoints: rejectedPoints + refused.length, message: parts.join('; ') };
}
