import type { Sink, SinkInput } from '@watchkeeper/model';

/** Parts of a sink in the form of fields, and back. */

/** `{status: ['200', '404']}` as pairs for a field: `status: 200, 404`. */
export function pairsOfWhere(where: Readonly<Record<string, readonly string[]>> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(where ?? {}).map(([name, values]) => [name, values.join(', ')]));
}

export function whereOfPairs(pairs: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(pairs).map(([name, text]) => [
      name,
      text
        .split(',')
        .map((value) => value.trim())
        .filter((value) => value !== ''),
    ]),
  );
}

/** A sink as it is sent when nothing is changed. */
export function inputOfSink(sink: Sink): SinkInput {
  const { tenant: _tenant, version: _version, status: _status, events, rollup, ...rest } = sink;
  return {
    ...rest,
    begin: rest.begin === 'oldest' ? 'oldest' : 'now',
    ...(events === null ? {} : { events }),
    ...(rollup === null ? {} : { rollup }),
  };
}

/** What a sink takes, exchanged: one of the two is always left out. */
export function takingEvents({ rollup: _, ...input }: SinkInput): SinkInput {
  return { ...input, events: input.events ?? { names: [], where: {} } };
}

export function takingRollup({ events: _, ...input }: SinkInput, name: string, granularity: string): SinkInput {
  return { ...input, rollup: { ...input.rollup, name, granularity } };
}
