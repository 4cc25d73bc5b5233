import type { Sink, SinkDefinition, SinkStatus } from '@watchkeeper/model';
import type { SinkProgressRow, SinkRow } from '@watchkeeper/store';

/** A sink as the API shows it. */
export function viewOfSink({ tenant, definition, version }: SinkRow, progress: SinkProgressRow | undefined): Sink {
  const { events = null, rollup = null, mapping, ...rest } = definition;
  return {
    tenant,
    ...rest,
    ...{ events: events && structuredClone(events), rollup, mapping: structuredClone(mapping) },
    version,
    status: statusOf(definition, progress),
  };
}

/** A sink in the form that people write, everything filled in. */
export function inputOfSink({ definition }: SinkRow): Readonly<Record<string, unknown>> {
  return { ...definition };
}

function statusOf({ paused }: SinkDefinition, row: SinkProgressRow | undefined): SinkStatus {
  const isFailing = row !== undefined && row.failingSince !== null;
  const hasSent = row !== undefined && row.forwardedAt !== null;
  return {
    state: paused ? 'paused' : isFailing ? 'failing' : hasSent ? 'forwarding' : 'waiting',
    forwarded: row?.forwarded ?? 0,
    refused: row?.refused ?? 0,
    skipped: row?.skipped ?? 0,
    lagEvents: row?.lagEvents ?? null,
    lagMs: row?.lagMs ?? null,
    forwardedAt: row?.forwardedAt?.toISOString() ?? null,
    failingSince: row?.failingSince?.toISOString() ?? null,
    attempts: row?.attempts ?? 0,
    lastError: row?.lastError ?? null,
  };
}
