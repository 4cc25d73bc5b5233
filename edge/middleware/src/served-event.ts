import type { EmittedEvent } from '@watchkeeper/emit';

export interface ServedRequest {
  readonly durationMs: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly status: number;
  /** Method, route, status and own labels, as in the metrics. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A request as an event. It has failed where the server did (5xx) or the client went away; a 4xx is a good answer. */
export function servedEvent({ durationMs, requestBytes, responseBytes, status, labels }: ServedRequest): EmittedEvent {
  const reason = status === 499 ? 'aborted' : status >= 500 ? 'status' : undefined;
  return {
    name: 'http.served',
    attributes: labels,
    values: { durationMs, requestBytes, responseBytes },
    ...(reason === undefined ? {} : { outcome: 'failed', reason }),
  };
}
