import type { OutgoingEvent, RollupInput, SinkDefinition } from '@watchkeeper/model';
import { type PeriodOfKey, valuesOfPeriod } from '@watchkeeper/store';
import { outgoingSeries } from './choose-events.ts';

/** A period of a key of a rollup as an event: named like the rollup, its key as labels, one value per aggregate. */
export function periodEvent(
  { name, aggregates }: Pick<RollupInput, 'name' | 'aggregates'>,
  period: PeriodOfKey,
  { mapping, tenant }: { readonly mapping: SinkDefinition['mapping']; readonly tenant: string },
): OutgoingEvent {
  const values = valuesOfPeriod(aggregates, period).map(
    ({ name: value, counted, value: number }): [string, number | null] => [
      counted === undefined ? value : `${value}_${counted}`,
      number,
    ],
  );
  const { environment = '', zone = '', host = '', guest = '', service = '', source = '', ...attributes } = period.key;
  const series = outgoingSeries(
    {
      ...{ tenant, environment, zone, host, guest, service, source, name, attributes },
      valueNames: values.map(([value]) => value),
    },
    mapping,
  );
  return {
    id: `${new Date(period.atMs).toISOString()}/${period.keyId}`,
    // A period has no outcome of its own; those of its events are among its counters.
    series: { ...series, outcomeLabel: undefined, reasonLabel: undefined },
    ...{ timeUs: period.atMs * 1000, timeNs: 0, receivedUs: period.atMs * 1000 },
    ...{ outcome: 'ok', reason: undefined, detail: undefined, repeats: 0 },
    values: values.map(([, number]) => number),
  };
}
