import { type Alert, type AlertChannel, type AlertChannelInput, durationText } from '@watchkeeper/model';
import type { AlertChannelRow, AlertRow, ChannelDelivery } from '@watchkeeper/store';

/** An alert as the API shows it. */
export function viewOfAlert(row: AlertRow): Alert {
  return {
    id: row.id,
    tenant: row.tenant,
    service: row.service,
    environment: row.environment,
    rule: row.rule,
    group: row.group,
    state: row.state,
    reason: row.reason,
    message: row.message,
    openedAt: row.openedAt.toISOString(),
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    held: row.heldBy !== null,
    heldBy: row.heldBy,
    deliveries: row.deliveries.map((delivery) => {
      const isDone = delivery.delivered_at !== null || delivery.given_up_at !== null;
      return {
        channel: delivery.channel,
        kind: delivery.kind,
        attempts: delivery.attempts,
        deliveredAt: instantOf(delivery.delivered_at),
        givenUpAt: instantOf(delivery.given_up_at),
        nextAttemptAt: isDone ? null : instantOf(delivery.due_at),
        lastError: delivery.last_error,
      };
    }),
  };
}

/** PostgreSQL writes instants in JSON with an offset; the API writes all of them in the same way. */
function instantOf(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}

export function viewOfChannel(row: AlertChannelRow, last: ChannelDelivery | undefined): AlertChannel {
  const { type, options, states, environments, services, groupWait, resolved, paused } = inputOfChannel(row);
  return {
    ...{
      tenant: row.tenant,
      name: row.name,
      type,
      options,
      states,
      environments,
      services,
      groupWait,
      resolved,
      paused,
    },
    version: row.version,
    lastDelivery:
      last === undefined
        ? null
        : { at: last.at.toISOString(), delivered: last.delivered, error: last.error, waiting: last.waiting },
  };
}

/** A channel in the form that people write, everything filled in. */
export function inputOfChannel(row: AlertChannelRow): Required<AlertChannelInput> {
  return {
    name: row.name,
    type: row.type,
    options: row.options,
    states: [...row.states],
    environments: [...row.environments],
    services: [...row.services],
    groupWait: durationText(row.groupWaitMs),
    resolved: row.resolved,
    paused: row.paused,
  };
}
