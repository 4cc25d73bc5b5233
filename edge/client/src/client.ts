import type { AnswerOf, BodyOf, OperationName, ParamsOf, ProblemDetails, QueryOf } from '@watchkeeper/model';
import { operations } from '@watchkeeper/model/operations';

export interface ClientOptions {
  /** Address of the server without a path: `http://127.0.0.1:7300`; empty in a browser on the same origin. */
  readonly baseUrl: string;
  /** API key; a browser with a session cookie needs none. */
  readonly key?: string;
  readonly fetch?: typeof fetch;
  /** Longest time one call may take, milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
}

type Given<Name extends string, T> = T extends undefined
  ? { readonly [K in Name]?: undefined }
  : { readonly [K in Name]: T };
type Optional<T> = T extends object ? (Record<never, never> extends T ? true : false) : false;
type Input<Name extends OperationName> = Given<'params', ParamsOf<Name>> &
  (Optional<QueryOf<Name>> extends true ? { readonly query?: QueryOf<Name> } : Given<'query', QueryOf<Name>>) &
  (Optional<BodyOf<Name>> extends true ? { readonly body?: BodyOf<Name> } : Given<'body', BodyOf<Name>>);

export type CallInput<Name extends OperationName> = Input<Name> & {
  /** Version the change is based on. */
  readonly ifMatch?: number;
  /** Makes a repeated POST harmless. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};

/** The same without the types of one operation. */
interface AnyInput {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
  readonly ifMatch?: number;
  readonly idempotencyKey?: string;
  readonly ifNoneMatch?: string | undefined;
  readonly signal?: AbortSignal;
}

/** An answer that may be asked for again on condition that it has changed. */
export interface Versioned<T> {
  /** Names this content; undefined when the server gave none. */
  readonly etag: string | undefined;
  readonly answer: T;
}

export interface Client {
  /**
   * Calls one operation of the API.
   * @throws ProblemError when the server answered with a problem; ServerUnreachableError when it did not answer.
   */
  call<Name extends OperationName>(
    name: Name,
    ...input: Record<never, never> extends CallInput<Name> ? [CallInput<Name>?] : [CallInput<Name>]
  ): Promise<AnswerOf<Name>>;
  /**
   * Reads something whose content is known under an ETag; undefined when it has not changed since.
   * @throws as `call`
   */
  readIfChanged<Name extends OperationName>(
    name: Name,
    input: CallInput<Name>,
    etag: string | undefined,
  ): Promise<Versioned<AnswerOf<Name>> | undefined>;
  /** Events of a stream (server-sent events, WHATWG HTML 9.2) until the signal; ends when the server ends. */
  stream(
    name: 'streamEvents',
    input: { readonly query?: QueryOf<'streamEvents'>; readonly signal: AbortSignal },
  ): AsyncGenerator<StreamMessage>;
}

export interface StreamMessage {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** The server's answer was a problem (RFC 9457). */
export class ProblemError extends Error {
  readonly problem: ProblemDetails;
  /** How long the server asks to wait before the next attempt, seconds (Retry-After); undefined when it does not. */
  readonly retryAfterS: number | undefined;
  constructor(problem: ProblemDetails, retryAfterS?: number) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer: nothing listens there, the network is away, or it took too long. */
export class ServerUnreachableError extends Error {
  constructor(baseUrl: string, cause: unknown) {
    super(
      `No answer from ${baseUrl || 'the server'}. Check that Watchkeeper runs there and that the address is right.`,
      { cause },
    );
    this.name = 'ServerUnreachableError';
  }
}

export function createClient({ baseUrl, key, fetch: send = fetch, timeoutMs = 30_000 }: ClientOptions): Client {
  const request = async (name: OperationName, input: AnyInput, signal: AbortSignal, accept: string) => {
    const [method, path] = operations[name].split(' ') as [string, string];
    const headers: Record<string, string> = { accept };
    if (key !== undefined) headers.authorization = `Bearer ${key}`;
    if (input.ifMatch !== undefined) headers['if-match'] = `"${input.ifMatch}"`;
    if (input.ifNoneMatch !== undefined) headers['if-none-match'] = input.ifNoneMatch;
    if (input.idempotencyKey !== undefined) headers['idempotency-key'] = input.idempotencyKey;
    const hasBody = method !== 'GET' && method !== 'DELETE';
    if (hasBody) headers['content-type'] = 'application/json';
    const address = `${baseUrl}${fillPath(path, input.params as Record<string, unknown>)}${queryText(input.query)}`;
    let response: Response;
    try {
      response = await send(address, {
        method,
        headers,
        signal,
        ...(hasBody ? { body: JSON.stringify(input.body ?? {}) } : {}),
      });
    } catch (error) {
      if (input.signal?.aborted) throw error;
      throw new ServerUnreachableError(baseUrl, error);
    }
    if (!response.ok && response.status !== 304) {
      const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
      throw new ProblemError(await readProblem(response), Number.isFinite(retryAfter) ? retryAfter : undefined);
    }
    return response;
  };

  /** The whole exchange, within its time. */
  const exchange = async (name: OperationName, given: AnyInput) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = given.signal ? AbortSignal.any([given.signal, timeout]) : timeout;
    const response = await request(name, given, signal, 'application/json, application/problem+json');
    if (response.status === 204 || response.status === 304) return { response, answer: undefined };
    try {
      return { response, answer: (await response.json()) as unknown };
    } catch (error) {
      if (given.signal?.aborted) throw error;
      throw new ServerUnreachableError(baseUrl, error);
    }
  };

  return {
    async call(name, ...[input]) {
      const { answer } = await exchange(name, (input as unknown as AnyInput | undefined) ?? {});
      return answer as never;
    },
    async readIfChanged(name, input, etag) {
      const { response, answer } = await exchange(name, { ...(input as unknown as AnyInput), ifNoneMatch: etag });
      if (response.status === 304) return undefined;
      return { etag: response.headers.get('etag') ?? undefined, answer: answer as never };
    },
    async *stream(name, { query, signal }) {
      const response = await request(name, { query, signal } as AnyInput, signal, 'text/event-stream');
      if (response.body === null) return;
      yield* readMessages(response.body);
    },
  };
}

function fillPath(path: string, params: Record<string, unknown> | undefined): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params?.[name])));
}

function queryText(query: object | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function readProblem(response: Response): Promise<ProblemDetails> {
  const text = await response.text();
  if (response.headers.get('content-type')?.startsWith('application/problem+json'))
    return JSON.parse(text) as ProblemDetails;
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The server answered ${response.status} without saying why. Is it Watchkeeper that listens there?`,
    code: 'internal',
    requestId: response.headers.get('x-request-id') ?? '',
    retryable: response.status >= 500,
  };
}

async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  let rest = '';
  let message = { event: 'message', id: '', data: [] as string[] };
  const text = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  for await (const chunk of text) {
    const lines = (rest + chunk).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (message.data.length > 0) yield { event: message.event, id: message.id, data: message.data.join('\n') };
        message = { event: 'message', id: message.id, data: [] };
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') message.event = value;
      else if (field === 'id') message.id = value;
      else if (field === 'data') message.data.push(value);
    }
  }
}
