import {
  attributeOf,
  type LoggedEvent,
  type OutgoingEvent,
  type OutgoingSeries,
  type Series,
  type SinkDefinition,
  seriesDimensions,
} from '@watchkeeper/model';

/** Decides which events a sink takes, and gives them the names under which they go out. */
export class EventChooser {
  readonly #tenant: string;
  readonly #definition: SinkDefinition;
  readonly #names: readonly ((name: string) => boolean)[];
  readonly #accepted: readonly (readonly [string, ReadonlySet<string>])[];
  /** Null: not taken. The log gives the same object for the same series again and again. */
  readonly #series = new WeakMap<Series, OutgoingSeries | null>();

  constructor(tenant: string, definition: SinkDefinition) {
    this.#tenant = tenant;
    this.#definition = definition;
    this.#names = (definition.events?.names ?? []).map(matcherOf);
    this.#accepted = Object.entries(definition.events?.where ?? {}).map(([name, values]) => [name, new Set(values)]);
  }

  /** Whether an event goes out. */
  takes(event: LoggedEvent): boolean {
    return (
      this.#seriesOf(event.series) !== null && this.#accepted.every(([name, values]) => ofEvent(event, name, values))
    );
  }

  /** An event that is taken, as it goes out. */
  outgoing(event: LoggedEvent, repeats: number): OutgoingEvent {
    const { partition, offset, timeUs, timeNs = 0, receivedUs, outcome, reason, values, detail } = event;
    return {
      id: `${partition}-${offset}`,
      series: this.#seriesOf(event.series) as OutgoingSeries,
      ...{ timeUs, timeNs, receivedUs, outcome, reason, values, detail, repeats },
    };
  }

  #seriesOf(series: Series): OutgoingSeries | null {
    let known = this.#series.get(series);
    if (known === undefined) {
      known = this.#takesSeries(series) ? outgoingSeries(series, this.#definition.mapping) : null;
      this.#series.set(series, known);
    }
    return known;
  }

  #takesSeries(series: Series): boolean {
    if (series.tenant !== this.#tenant) return false;
    if (this.#names.length > 0 && !this.#names.some((fits) => fits(series.name))) return false;
    return this.#accepted.every(([name, values]) => isOfEvent(name) || values.has(labelOf(series, name)));
  }
}

function matcherOf(pattern: string): (name: string) => boolean {
  if (!pattern.endsWith('*')) return (name) => name === pattern;
  const beginning = pattern.slice(0, -1);
  return (name) => name.startsWith(beginning);
}

const isOfEvent = (name: string) => name === 'outcome' || name === 'reason';

function ofEvent({ outcome, reason }: LoggedEvent, name: string, accepted: ReadonlySet<string>): boolean {
  if (name === 'outcome') return accepted.has(outcome);
  return name !== 'reason' || accepted.has(reason ?? '');
}

const plainDimensions = seriesDimensions.filter((name) => name !== 'name' && name !== 'tenant');
const isDimension = (name: string): name is (typeof seriesDimensions)[number] =>
  (seriesDimensions as readonly string[]).includes(name);

/** What a dimension or an attribute says; empty where nothing was said. */
function labelOf(series: Series, name: string): string {
  return isDimension(name) ? series[name] : attributeOf(series, name);
}

/** A series under the names that a mapping gives. A label that would hide another keeps its own name. */
export function outgoingSeries(series: Series, { name, keep, rename }: SinkDefinition['mapping']): OutgoingSeries {
  const isKept = (label: string) => keep.length === 0 || keep.includes(label);
  const renamed = (label: string) => (Object.hasOwn(rename, label) ? (rename[label] as string) : label);
  const present = [...plainDimensions, ...Object.keys(series.attributes)].filter(
    (label) => isKept(label) && labelOf(series, label) !== '',
  );
  const labels: Record<string, string> = {};
  for (const label of [...new Set(present)].sort()) labels[renamed(label)] = labelOf(series, label);
  return {
    name: name.replaceAll(/\{([^{}]+)\}/g, (_, label: string) => labelOf(series, label) || 'none'),
    labels,
    valueNames: series.valueNames.map(renamed),
    outcomeLabel: isKept('outcome') ? renamed('outcome') : undefined,
    reasonLabel: isKept('reason') ? renamed('reason') : undefined,
  };
}
