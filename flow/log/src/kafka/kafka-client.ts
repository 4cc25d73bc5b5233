import type { BaseOptions } from '@platformatic/kafka';
import { isWatchkeeperError, type KafkaConnection, WatchkeeperError } from '@watchkeeper/model';

/** Longest wait for an answer of a broker, milliseconds. */
const requestMs = 10_000;

/** What every client of the library is opened with. Retries are ours: the library's would repeat under a lost lease. */
export function clientOptions({ brokers, clientId, tls, sasl }: KafkaConnection): BaseOptions {
  return {
    clientId,
    bootstrapBrokers: [...brokers],
    connectTimeout: 5000,
    requestTimeout: requestMs,
    timeout: requestMs,
    retries: 0,
    metadataMaxAge: 60_000,
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
            ...(tls.key === undefined ? {} : { key: tls.key }),
          },
          tlsServerName: true,
        }),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: mechanisms[sasl.mechanism],
            username: sasl.username,
            password: sasl.password,
          },
        }),
  };
}

const mechanisms = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const;

/** An error of the library as one of ours: what was attempted, on what, and what to do next. */
export function asKafkaError(error: unknown, attempted: string, { brokers }: KafkaConnection): WatchkeeperError {
  if (isWatchkeeperError(error)) return error;
  const why = reasonsOf(error);
  const isRefused = /AUTHENTICATION|AUTHORIZATION|SASL/i.test(why);
  return new WatchkeeperError(
    isRefused ? 'log_misconfigured' : 'log_unavailable',
    isRefused
      ? `Kafka at ${brokers.join(', ')} refused ${attempted} (${why}). Check kafka.sasl, kafka.tls and the rights of the user.`
      : `Kafka at ${brokers.join(', ')} could not do this: ${attempted} (${why}). It is tried again; check that the brokers run and that enough replicas are in sync.`,
    { cause: error },
  );
}

/** True when the library's error, or one within it, is this one of the protocol, such as `OFFSET_OUT_OF_RANGE`. */
export function isProtocolError(error: unknown, id: string): boolean {
  return everyErrorWithin(error).some((one) => (one as { apiId?: unknown }).apiId === id);
}

/** The reasons at the bottom of nested errors, each once. */
function reasonsOf(error: unknown): string {
  const leaves = everyErrorWithin(error).filter((one) => !hasErrorsWithin(one));
  const texts = leaves.map((one) => {
    const { apiId, message } = one as { apiId?: string; message?: string };
    return [apiId, message].filter((part) => part !== undefined && part !== '').join(': ');
  });
  return [...new Set(texts)].slice(0, 3).join('; ') || String(error);
}

function hasErrorsWithin(error: unknown): boolean {
  const { errors, cause } = error as { errors?: unknown[]; cause?: unknown };
  return (errors?.length ?? 0) > 0 || cause instanceof Error;
}

function everyErrorWithin(error: unknown): readonly unknown[] {
  const { errors = [], cause } = (error ?? {}) as { errors?: readonly unknown[]; cause?: unknown };
  return [error, ...errors.flatMap(everyErrorWithin), ...(cause instanceof Error ? everyErrorWithin(cause) : [])];
}
