/**
 * The one catalogue of expected failures. Retry loops, the API and the CLI read this table and never match on
 * message text. A code that is no longer raised stays listed as retired.
 */

/** Who can mend it: the caller of the API, the operator of Watchkeeper, the owner of the watched target, or us. */
export type Fixer = 'caller' | 'operator' | 'target' | 'us';

export interface ErrorEntry {
  /** One line a person can read without the details. */
  readonly title: string;
  readonly fixer: Fixer;
  /** True when the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** HTTP status of the API's answer. */
  readonly status: number;
  /** Exit code of the CLI, after sysexits.h where one fits. */
  readonly exitCode: number;
}

const entry = (title: string, fixer: Fixer, retryable: boolean, status: number, exitCode: number): ErrorEntry => ({
  title,
  fixer,
  retryable,
  status,
  exitCode,
});

export const errorCatalogue = {
  // What the caller sent
  body_malformed: entry('The body is not valid JSON or YAML', 'caller', false, 400, 65),
  body_too_large: entry('The body is larger than the limit', 'caller', false, 413, 65),
  condition_invalid: entry('A condition cannot be read', 'caller', false, 422, 65),
  confirmation_missing: entry('The typed confirmation does not match', 'caller', false, 422, 64),
  conflict: entry('The object is in a state that does not allow this', 'caller', false, 409, 70),
  cursor_invalid: entry('The cursor is not one that this list gave out', 'caller', false, 400, 64),
  idempotency_key_reused: entry('The idempotency key was used for another request', 'caller', false, 422, 65),
  input_unreadable: entry('A line, a datagram or a body cannot be read', 'caller', false, 400, 65),
  media_type_unsupported: entry('The media type is not supported', 'caller', false, 415, 65),
  method_not_allowed: entry('The resource does not know this method', 'caller', false, 405, 64),
  name_taken: entry('Another object has this name', 'caller', false, 409, 65),
  not_found: entry('There is no such thing', 'caller', false, 404, 66),
  precondition_failed: entry('The object was changed by somebody else meanwhile', 'caller', false, 412, 75),
  precondition_required: entry('A change must name the version it is based on', 'caller', false, 428, 64),
  query_too_expensive: entry('The question takes too much work to answer', 'caller', false, 422, 65),
  upgrade_required: entry('The address is a WebSocket', 'caller', false, 426, 64),
  usage: entry('The command line is not understood', 'caller', false, 400, 64),
  validation_failed: entry('The request does not fit its schema', 'caller', false, 422, 65),

  // Who the caller is
  forbidden: entry('The key has no right to do this', 'operator', false, 403, 77),
  login_link_invalid: entry('The sign-in link is used up, too old or wrong', 'caller', false, 401, 77),
  origin_refused: entry('The request came from another site', 'caller', false, 403, 77),
  too_many_requests: entry('Too many requests', 'caller', true, 429, 75),
  unauthenticated: entry('A valid API key or session is needed', 'caller', false, 401, 77),

  // Start and settings
  address_in_use: entry('The address is taken by another program', 'operator', false, 500, 78),
  data_directory_in_use: entry('Another Watchkeeper uses the data directory', 'operator', false, 500, 78),
  data_directory_unusable: entry('The data directory cannot be used', 'operator', false, 500, 78),
  node_too_old: entry('Node.js is too old', 'operator', false, 500, 78),
  production_refused: entry('Refused in production mode', 'operator', false, 403, 77),
  settings_invalid: entry('The settings are not valid', 'operator', false, 500, 78),
  web_build_failed: entry('The web app could not be built', 'us', false, 500, 70),

  // Store and log
  database_newer: entry('The database was written by a newer Watchkeeper', 'operator', false, 500, 78),
  database_settings_unsafe: entry('The database does not promise durability', 'operator', false, 500, 78),
  database_unavailable: entry('The database cannot be reached', 'operator', true, 503, 69),
  epoch_fenced: entry('A newer owner has taken over', 'operator', false, 409, 75),
  event_too_large: entry('An event is too large for the event log', 'caller', false, 413, 65),
  log_misconfigured: entry('The event log outside of the database is not as it must be', 'operator', false, 500, 78),
  log_overloaded: entry('The event log has no room for more waiting events', 'operator', true, 503, 75),
  log_unavailable: entry('The event log cannot be reached', 'operator', true, 503, 69),
  position_lost: entry('Another reader has moved the position', 'operator', true, 409, 75),
  series_collision: entry('Two series share one identifier', 'us', false, 500, 70),
  series_key_limit: entry('Too many new series of one key in a short time', 'caller', true, 429, 75),
  series_limit: entry('Too many new series', 'caller', true, 429, 75),
  series_request_limit: entry('Too many new series in one request', 'caller', true, 429, 75),

  // The outside
  egress_denied: entry('The address may not be contacted', 'operator', false, 422, 77),
  broker_refused: entry('The message broker did not take a message', 'operator', true, 502, 69),
  broker_unavailable: entry('The message broker cannot be reached', 'operator', true, 503, 69),
  delivery_failed: entry('The alert could not be delivered', 'target', true, 502, 69),
  sink_failed: entry('The target of a sink did not take what was sent', 'target', true, 502, 69),
  server_unreachable: entry('The Watchkeeper server cannot be reached', 'operator', true, 503, 69),
  probes_busy: entry('Too many probes are under way', 'operator', true, 503, 75),
  service_unavailable: entry('Watchkeeper is not ready', 'operator', true, 503, 69),

  // Bugs
  internal: entry('Something unexpected happened in Watchkeeper', 'us', false, 500, 70),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** One thing wrong with one place of an input. */
export interface FieldProblem {
  /** JSON Pointer (RFC 6901) into the body, or `query:name`, `header:name`, `path:name`. */
  readonly pointer: string;
  readonly message: string;
}

export interface WatchkeeperErrorOptions {
  /** Safe to show to the caller: no secrets, no full payloads. */
  readonly details?: Record<string, unknown>;
  readonly problems?: readonly FieldProblem[];
  readonly cause?: unknown;
}

/** An expected failure. The message says what was attempted, on what, and the next step. */
export class WatchkeeperError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly problems: readonly FieldProblem[];

  constructor(code: ErrorCode, message: string, options: WatchkeeperErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WatchkeeperError';
    this.code = code;
    this.details = options.details ?? {};
    this.problems = options.problems ?? [];
  }
}

export function isWatchkeeperError(error: unknown, code?: ErrorCode): error is WatchkeeperError {
  return error instanceof WatchkeeperError && (code === undefined || error.code === code);
}
