import { decodeEventMessage, encodeEventMessage, type NewEvent } from '@watchkeeper/model';
import type { EmittedEvent, EventOrigin } from './emitted-event.ts';

/**
 * The event as the buffer keeps it, or why the server would not take it. It is looked at here by the rules of the
 * server, since one that is not valid would be refused only when nobody remembers it.
 */
export function toNewEvent(given: EmittedEvent, origin: EventOrigin, wallMs: number): NewEvent | string {
  const { name, time, outcome = 'ok', reason, values = {}, attributes = {}, detail } = given;
  const said = { ...origin, ...given };
  const { environment = '', zone = '', host = '', guest = '', service = '', source = '' } = said;
  const event: NewEvent = {
    series: {
      tenant: 'default',
      ...{ environment, zone, host, guest, service, name, source, attributes },
      valueNames: Object.keys(values),
    },
    timeUs: Math.round((time?.getTime() ?? wallMs) * 1000),
    outcome,
    values: Object.values(values).map((value) => (Number.isFinite(value) ? value : null)),
    ...(reason === undefined ? {} : { reason }),
    // What the application changes later is not what it said.
    ...(detail === undefined ? {} : { detail: JSON.parse(JSON.stringify(detail)) as Record<string, unknown> }),
  };
  const message = encodeEventMessage({ producer: 'check', epoch: 1, firstSeq: 1, events: [event] });
  const { problems, batches } = decodeEventMessage(message);
  return batches[0]?.events[0] ?? problems[0]?.message ?? 'is not an event';
}
