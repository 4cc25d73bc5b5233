import type { Figure, LiveFeed } from '@watchkeeper/api';
import type { BufferedOutlet } from '@watchkeeper/buffer';
import type { Deliveries, Health } from '@watchkeeper/health';
import type { OpenedLog } from '@watchkeeper/log';
import type { Notifier } from '@watchkeeper/messages';
import type { Processor } from '@watchkeeper/processor';
import type { Forwarder } from '@watchkeeper/sinks';
import type { Listeners, Receipt, RefusedInputWriter, Scheduler } from '@watchkeeper/sources';
import { countDeadLetters, readerLags, readLogFigures, readOutgoingFigures, type Store } from '@watchkeeper/store';

export interface MeasuredParts {
  readonly store: Store;
  readonly eventLog: OpenedLog;
  readonly receipt: Receipt | undefined;
  readonly refusedInputs: RefusedInputWriter;
  readonly scheduler: Scheduler | undefined;
  readonly listeners: Listeners | undefined;
  readonly processor: Processor | undefined;
  readonly forwarder: Forwarder | undefined;
  readonly health: Health | undefined;
  readonly deliveries: Deliveries | undefined;
  readonly notifier: Notifier | undefined;
  readonly liveFeed: LiveFeed;
}

function ofOurs(
  type: Figure['type'],
  name: string,
  help: string,
  value: number,
  labels?: Readonly<Record<string, string>>,
): Figure {
  return { name: `watchkeeper_${name}`, help, type, value, ...(labels === undefined ? {} : { labels }) };
}

/** What /metrics tells of a scheduler, with or without a database. */
export function schedulerFigures(scheduler: Scheduler): Figure[] {
  const stats = scheduler.stats();
  const help = '99th percentile of the lateness of the last thousand checks';
  const late = stats.latenessP99Ms;
  return [
    ofOurs('counter', 'scheduler_checks_total', 'Checks with a final result', stats.checks),
    ofOurs('counter', 'scheduler_skipped_slots_total', 'Slots left out', stats.skippedSlots),
    ofOurs('counter', 'scheduler_dropped_events_total', 'Events dropped while the log was away', stats.droppedEvents),
    ofOurs('gauge', 'scheduler_monitors', 'Monitor and zone pairs that are checked here', stats.monitors),
    ofOurs('gauge', 'scheduler_running_checks', 'Checks under way', stats.running),
    ofOurs('gauge', 'scheduler_queued_checks', 'Checks that wait for a place', stats.queued),
    ofOurs('gauge', 'scheduler_waiting_events', 'Events not stored yet', stats.waitingEvents),
    ...(late === null ? [] : [ofOurs('gauge', 'scheduler_lateness_p99_seconds', help, late / 1000)]),
  ];
}

/** What /metrics tells of listeners, each by its name. */
export function listenerFigures(listeners: Listeners): Figure[] {
  return listeners.stats().flatMap((stats) => {
    const labels = { listener: stats.name };
    const of = (type: Figure['type'], name: string, help: string, value: number) =>
      ofOurs(type, `listener_${name}`, help, value, labels);
    const lost = stats.lostDatagrams;
    return [
      of('gauge', 'open_ports', 'Ports that it has', stats.places.length),
      of('counter', 'datagrams_total', 'Datagrams that were read', stats.datagrams),
      ...(lost === null
        ? []
        : [of('counter', 'lost_datagrams_total', 'Datagrams that the system dropped, nobody read them in time', lost)]),
      of('counter', 'lines_total', 'Metrics and lines that were understood', stats.lines),
      of('counter', 'unreadable_total', 'Metrics and lines that could not be read', stats.unreadable),
      of('counter', 'refused_names_total', 'Metrics of names beyond what one flush holds', stats.refusedNames),
      of('gauge', 'connections', 'Connections that are open', stats.connections),
      of(
        'counter',
        'refused_connections_total',
        'Connections turned away since too many were open',
        stats.refusedConnections,
      ),
      of('counter', 'idle_connections_total', 'Connections closed since nothing came', stats.idleConnections),
      of('counter', 'events_total', 'Events that the log has', stats.stored),
      of('counter', 'refused_events_total', 'Events that the log refused for good', stats.refused),
      of('counter', 'dropped_events_total', 'Events dropped while the log was away', stats.dropped),
      of('gauge', 'waiting_events', 'Events not stored yet', stats.waiting),
    ];
  });
}

/** What /metrics tells of the buffer of a process that has a server instead of a database. */
export function bufferFigures(outlet: BufferedOutlet): Figure[] {
  const { backlog, bytes, refused, quarantined, diskError } = outlet.figures();
  return [
    ofOurs('gauge', 'buffer_backlog_events', 'Events of an outage that the server has not taken yet', backlog),
    ofOurs('gauge', 'buffer_bytes', 'Bytes of the buffer on disk', bytes),
    ofOurs('counter', 'buffer_refused_events_total', 'Events that the server refused for good', refused),
    ofOurs('counter', 'buffer_quarantined_total', 'Segments that could not be read and were put aside', quarantined),
    ofOurs('gauge', 'buffer_disk_failing', '1 while the buffer cannot be written to disk', diskError === null ? 0 : 1),
  ];
}

/** What /metrics tells of the parts of a process and of the log that they share. */
export async function readFigures(parts: MeasuredParts): Promise<Figure[]> {
  const { store, eventLog, receipt, scheduler, listeners, processor, forwarder, health } = parts;
  const { deliveries, notifier, liveFeed } = parts;
  const figures: Figure[] = [];
  const add = (...figure: Parameters<typeof ofOurs>) => figures.push(ofOurs(...figure));

  const sent = eventLog.sendStats?.();
  if (sent !== undefined) {
    add('counter', 'log_sent_events_total', 'Events that this process sent and every in-sync replica has', sent.sent);
    add('counter', 'log_repeated_requests_total', 'Requests to the log that were repeated', sent.retried);
    add('counter', 'log_refused_events_total', 'Events too large to be sent to the log', sent.refused);
    add('gauge', 'log_waiting_events', 'Events that wait to be sent or acknowledged', sent.waiting);
  }
  const log = await readLogFigures(store.db);
  add('counter', 'log_events_total', 'Events in the log, ever', log.events);
  const deadLetters = await countDeadLetters(store.db);
  add('counter', 'dead_letters_total', 'Messages and events that could not be taken and were put aside', deadLetters);
  for (const { reader, partition, lag } of await readerLags(store.db)) {
    const labels = { reader, partition: String(partition) };
    add('gauge', 'reader_lag_events', 'Events of a partition that a reader of the log has not read', lag, labels);
  }
  for (const { door, key, reason, count } of parts.refusedInputs.figures()) {
    const help = 'Lines, events, datagrams and bodies that doors of this process did not take, by reason';
    add('counter', 'refused_inputs_total', help, count, { door, key, reason });
  }
  if (scheduler !== undefined) figures.push(...schedulerFigures(scheduler));
  if (listeners !== undefined) figures.push(...listenerFigures(listeners));
  if (receipt !== undefined) {
    const stats = receipt.stats();
    add('counter', 'receipt_events_total', 'Events of clients without identity that were stored', stats.stored);
    add('counter', 'receipt_repeated_events_total', 'Those that came again and were not stored again', stats.repeated);
    add('counter', 'receipt_refused_events_total', 'Those that the log refused for good', stats.refused);
    add('counter', 'receipt_unreadable_total', 'Lines that could not be read as events', stats.unreadable);
    add('gauge', 'receipt_waiting_events', 'Those that were taken and are not stored yet', stats.waiting);
  }
  if (processor !== undefined) {
    const stats = processor.stats();
    add('counter', 'processor_events_total', 'Events added up', stats.events);
    add('counter', 'processor_rows_total', 'Rows of rollups written', stats.rows);
    if (stats.behind !== null)
      add('gauge', 'processor_waiting_messages', 'Messages of a log outside that wait to be stored', stats.behind);
    add('counter', 'processor_fenced_total', 'Writes refused since another process took over', stats.fenced);
  }
  if (forwarder !== undefined) {
    const stats = forwarder.stats();
    add('counter', 'sinks_forwarded_events_total', 'Events that the targets of sinks have taken', stats.forwarded);
    add('counter', 'sinks_refused_events_total', 'Events that the targets of sinks refused for good', stats.refused);
    add(
      'counter',
      'sinks_failed_attempts_total',
      'Attempts of sinks that their targets did not take',
      stats.failedAttempts,
    );
  }
  if (health !== undefined) {
    const stats = health.stats();
    add('counter', 'health_verdicts_total', 'Results of checks judged', stats.verdicts);
    add('counter', 'health_state_changes_total', 'Changes of state of monitors in their zones', stats.changes);
  }
  if (deliveries !== undefined) {
    const stats = deliveries.stats();
    add('counter', 'alerts_delivered_total', 'Notifications that were taken', stats.delivered);
    add('counter', 'alerts_failed_attempts_total', 'Attempts to notify that failed', stats.failedAttempts);
    add('counter', 'alerts_given_up_total', 'Notifications that were given up', stats.givenUp);
  }
  if (notifier !== undefined) {
    const stats = notifier.stats();
    const { waiting, oldestSeconds } = await readOutgoingFigures(store.db);
    add('counter', 'notifications_delivered_total', 'Notifications that the broker has confirmed', stats.delivered);
    add(
      'counter',
      'notifications_failed_attempts_total',
      'Attempts that the broker did not confirm',
      stats.failedAttempts,
    );
    add('gauge', 'notifications_waiting', 'Notifications in the outbox that are not delivered', waiting);
    add('gauge', 'notifications_oldest_waiting_seconds', 'Age of the oldest of them', oldestSeconds ?? 0);
  }
  const live = liveFeed.figures;
  add('gauge', 'live_clients', 'Open streams of live events', live.clients);
  add('counter', 'live_dropped_clients_total', 'Streams closed since nobody took what was sent', live.droppedClients);
  add('counter', 'live_left_out_events_total', 'Events left out of full batches', live.leftOutEvents);
  return figures;
}
