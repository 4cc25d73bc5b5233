import { kafkaReason } from '@watchkeeper/messages/kafka';
import { isWatchkeeperError, type KafkaConnection, WatchkeeperError } from '@watchkeeper/model';

const waits = 'It is tried again; check that the brokers run and that enough replicas are in sync.';
/** For what a start needs and nobody tries again. */
export const endsStart = 'Check that the brokers run and that kafka.brokers names them, then start again.';

/** An error of the library as one of ours: what was attempted, on what, and what to do next. */
export function asKafkaError(
  error: unknown,
  attempted: string,
  { brokers }: KafkaConnection,
  next = waits,
): WatchkeeperError {
  if (isWatchkeeperError(error)) return error;
  const why = kafkaReason(error);
  const isRefused = /AUTHENTICATION|AUTHORIZATION|SASL/i.test(why);
  return new WatchkeeperError(
    isRefused ? 'log_misconfigured' : 'log_unavailable',
    isRefused
      ? `Kafka at ${brokers.join(', ')} refused ${attempted} (${why}). Check kafka.sasl, kafka.tls and the rights of the user.`
      : `Kafka at ${brokers.join(', ')} could not do this: ${attempted} (${why}). ${next}`,
    { cause: error },
  );
}
