import { type CallInput, type Client, createClient, ProblemError, type Versioned } from '@watchkeeper/client';
import type { Egress } from '@watchkeeper/guard';
import type { Clock, Logger } from '@watchkeeper/kit';
import {
  type AnswerOf,
  type ErrorCode,
  errorCatalogue,
  type OperationName,
  WatchkeeperError,
} from '@watchkeeper/model';
import { egressFetch } from './egress-fetch.ts';

export interface ServerLinkOptions {
  /** Address of the server: `https://watch.example.org`. */
  readonly server: string;
  readonly key: string;
  /** Certificates (PEM) that the server is checked by instead of the known roots. */
  readonly ca?: string;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told when the server answers again. */
  readonly onAnswer?: () => void;
}

/** Longest time of one call, milliseconds; longer than any wait that a call asks for. */
const timeoutMs = 30_000;
/** A key that is refused is not tried again for so long: a server lets an address be wrong only ten times a minute. */
const refusedMs = 30_000;
const refusals: ReadonlySet<ErrorCode> = new Set(['unauthenticated', 'forbidden', 'too_many_requests']);

/** The way from a remote zone to its server. Says once when the server is away, or refuses, and when it answers again. */
export class ServerLink {
  readonly #options: ServerLinkOptions;
  readonly #client: Client;
  readonly #stop = new AbortController();
  #failure: WatchkeeperError | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
    const { server, key, ca, egress } = options;
    const send = egressFetch(egress, { timeoutMs, ...(ca === undefined ? {} : { ca }) });
    this.#client = createClient({ baseUrl: server.replace(/\/+$/, ''), key, fetch: send, timeoutMs });
  }

  /** Why the last call failed; null after one that did not. */
  get lastError(): string | null {
    return this.#failure?.message ?? null;
  }

  /** @throws WatchkeeperError with the code that the server gave, or `server_unreachable` */
  call<Name extends OperationName>(name: Name, input: CallInput<Name>): Promise<AnswerOf<Name>> {
    return this.#told(signalOf(input), () => this.#client.call(name, ...([this.#ended(input)] as never)));
  }

  /** As the client's `readIfChanged`. @throws as `call` */
  readIfChanged<Name extends OperationName>(
    name: Name,
    input: CallInput<Name>,
    etag: string | undefined,
  ): Promise<Versioned<AnswerOf<Name>> | undefined> {
    return this.#told(signalOf(input), () => this.#client.readIfChanged(name, this.#ended(input), etag));
  }

  /** Ends what waits for an answer. */
  close(): void {
    this.#stop.abort();
  }

  #ended<Name extends OperationName>(input: CallInput<Name>): CallInput<Name> {
    const signal = signalOf(input);
    const both = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    return { ...input, signal: both };
  }

  async #told<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    if (this.#failure !== undefined && clock.nowMs() < this.#notBeforeMs) throw this.#failure;
    // One call finds out whether a refusal still holds; the others wait for what it says.
    if (this.#failure !== undefined && refusals.has(this.#failure.code)) this.#notBeforeMs = clock.nowMs() + refusedMs;
    try {
      const answer = await work();
      this.#worked();
      return answer;
    } catch (error) {
      if (this.#stop.signal.aborted || signal?.aborted)
        throw new WatchkeeperError('service_unavailable', 'The call was given up: this process is ending.');
      throw this.#failed(error);
    }
  }

  #worked(): void {
    const { logger, server } = this.#options;
    this.#notBeforeMs = Number.NEGATIVE_INFINITY;
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    logger.info({ server }, 'the server answers again');
    this.#options.onAnswer?.();
  }

  #failed(error: unknown): WatchkeeperError {
    const { logger, server, clock } = this.#options;
    const failure = knownFailure(error);
    // What is wrong with one request says nothing of the server.
    const isOfLink = refusals.has(failure.code) || errorCatalogue[failure.code].status >= 500;
    if (!isOfLink) return failure;
    if (this.#failure?.code !== failure.code) {
      const { code, message } = failure;
      logger.warn({ server, code }, `${message} It is tried again.`);
    }
    this.#failure = failure;
    if (refusals.has(failure.code)) {
      const { retryAfterS } = failure.details;
      const waitMs = typeof retryAfterS === 'number' ? retryAfterS * 1000 : refusedMs;
      this.#notBeforeMs = clock.nowMs() + Math.min(refusedMs, waitMs);
    }
    return failure;
  }
}

function signalOf(input: unknown): AbortSignal | undefined {
  return (input as { readonly signal?: AbortSignal }).signal;
}

function knownFailure(error: unknown): WatchkeeperError {
  if (error instanceof WatchkeeperError) return error;
  if (error instanceof ProblemError) {
    const { code, detail, status, type } = error.problem;
    // An answer of something else, such as a proxy whose server is away.
    if (type === 'about:blank') return new WatchkeeperError('server_unreachable', detail, { cause: error });
    const known = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'internal';
    const details = { status, ...(error.retryAfterS === undefined ? {} : { retryAfterS: error.retryAfterS }) };
    return new WatchkeeperError(known, detail, { details, cause: error });
  }
  const reason = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const message = error instanceof Error ? error.message : String(error);
  return new WatchkeeperError('server_unreachable', `${message.replace(/\.$/, '')}${reason}.`, { cause: error });
}
