import { isUtf8 } from 'node:buffer';
import {
  KnownLines,
  type LineContext,
  openStackEventName,
  operationOfCall,
  outcomeOfCall,
  readOpenStackReport,
  readStatsdLine,
  readStatsdTags,
  type StatsdSample,
  type StatsdType,
  seriesOf,
} from '@watchkeeper/formats';
import type { NewEvent, Outcome, Reason, Series } from '@watchkeeper/model';
import type { ListenerCounts } from './listener-counts.ts';

export interface StatsdWindowOptions {
  readonly origin: LineContext;
  readonly counts: ListenerCounts;
  /** What names of openstacksdk begin with; empty: none are looked for. */
  readonly openstackPrefix: string;
  /** Names with their tags, and members of sets, that one flush holds at most. */
  readonly names: number;
  readonly emit: (event: NewEvent) => void;
}

/** What is known of one name with its type and tags. */
interface Metric {
  /** `call`: of openstacksdk; `counted`: another metric of the same call stands for it. */
  readonly kind: StatsdType | 'call' | 'counted';
  readonly series: Series;
  /** The series of values that stand for several; made when the first comes. */
  sampled: Series | undefined;
  readonly outcome: Outcome;
  readonly reason?: Reason | undefined;
  /** Of a counter the sum, of a gauge what it is; kept by gauges over flushes. */
  value: number;
  readonly members: Set<string> | undefined;
  /** Whether something came since the last flush. */
  isSet: boolean;
  /** Whether it was forgotten since nothing came. */
  isGone: boolean;
}

/** What a line means but for its value. */
interface Meaning {
  readonly metric: Metric;
  readonly type: StatsdType;
  readonly sampleRate: number;
}

const dayUs = 86_400_000_000;
/** Calls that one line of openstacksdk may stand for. */
const mostCalls = 1000;
const valueNames: Readonly<Record<StatsdType, readonly string[]>> = {
  counter: ['count', 'perSecond'],
  timer: ['durationMs'],
  gauge: ['value'],
  set: ['unique'],
  histogram: ['value'],
  distribution: ['value'],
};

/**
 * What came over StatsD since the last flush. Counters are added up, of gauges the last value counts, of sets how many
 * members they had: each is one event at the flush. Every value of a timer, a histogram and a distribution is an event of
 * its own, at once.
 */
export class StatsdWindow {
  readonly #options: StatsdWindowOptions;
  readonly #metrics = new Map<string, Metric>();
  readonly #lines: KnownLines<Meaning>;
  /** Members of all sets. */
  #members = 0;
  #nowUs = 0;
  #line = '';
  /** Values of the line that is being read, and what the last of them means. */
  #values = 0;
  #meaning: Meaning | undefined;

  constructor(options: StatsdWindowOptions) {
    this.#options = options;
    this.#lines = new KnownLines(2 * options.names);
  }

  /**
   * Takes the lines of a datagram, or whole lines of a connection.
   * @param nowUs when they came, microseconds since 1970-01-01 UTC
   */
  add(bytes: Buffer, nowUs: number): void {
    this.#nowUs = nowUs;
    for (let at = 0; at < bytes.length; ) {
      const known = this.#lines.find(bytes, at);
      if (known !== undefined && !known.metric.isGone) {
        this.#options.counts.lines += 1;
        this.#takeValue(known, this.#lines.value);
        at = this.#lines.end + 1;
      } else {
        const newline = bytes.indexOf(0x0a, at);
        const end = newline === -1 ? bytes.length : newline;
        this.#readLine(bytes, at, end);
        at = end + 1;
      }
    }
  }

  #readLine(bytes: Buffer, start: number, end: number): void {
    const { counts } = this.#options;
    const line = bytes.subarray(start, end);
    if (!isUtf8(line)) {
      counts.bad('the line is not UTF-8', line.toString('latin1', 0, 100));
      return;
    }
    const text = line.toString('utf8');
    this.#line = text.endsWith('\r') ? text.slice(0, -1) : text;
    if (this.#line === '') return;
    this.#values = 0;
    this.#meaning = undefined;
    const problem = readStatsdLine(this.#line, this.#take);
    if (problem !== undefined) counts.bad(problem, this.#line);
    else if (this.#values === 1 && this.#meaning !== undefined) this.#lines.learn(bytes, start, this.#meaning);
  }

  /**
   * Turns what was added up into events.
   * @param nowUs the end of the time in which it came, microseconds since 1970-01-01 UTC
   * @param seconds how long that was
   */
  flush(nowUs: number, seconds: number): void {
    const silentGauges: string[] = [];
    for (const [key, metric] of this.#metrics) {
      const { kind, isSet, value, members } = metric;
      if (isSet && kind === 'counter') this.#emit(metric, [value, seconds > 0 ? value / seconds : null], nowUs);
      else if (isSet && kind === 'gauge') this.#emit(metric, [value], nowUs);
      else if (isSet && kind === 'set') this.#emit(metric, [members?.size ?? 0], nowUs);
      if (!isSet && kind === 'gauge') silentGauges.push(key);
      else if (!isSet) this.#forget(key);
      metric.isSet = false;
      if (kind !== 'gauge') metric.value = 0;
      members?.clear();
    }
    this.#members = 0;
    // They are known for signs as long as there is plenty of room for other names.
    if (silentGauges.length > this.#options.names / 2) for (const key of silentGauges) this.#forget(key);
  }

  #forget(key: string): void {
    const metric = this.#metrics.get(key);
    if (metric !== undefined) metric.isGone = true;
    this.#metrics.delete(key);
  }

  readonly #take = (sample: StatsdSample): void => {
    const metric = this.#metricOf(sample);
    if (metric === undefined) return;
    this.#options.counts.lines += 1;
    this.#values += 1;
    const { type, value, sampleRate, member, isChange, atSeconds } = sample;
    if (atSeconds !== undefined) this.#takeTimed(metric, sample);
    else if (type === 'set') this.#takeMember(metric, member);
    else if (isChange) this.#changeGauge(metric, value);
    else {
      this.#meaning = { metric, type, sampleRate };
      this.#takeValue(this.#meaning, value);
    }
  };

  #takeValue({ metric, type, sampleRate }: Meaning, value: number): void {
    metric.isSet = true;
    if (metric.kind === 'counter') metric.value += value / sampleRate;
    else if (metric.kind === 'gauge') metric.value = value;
    else if (metric.kind === 'counted') return;
    else if (type === 'counter') this.#takeFailedCalls(metric, value / sampleRate);
    else if (sampleRate === 1) this.#emit(metric, [value], this.#nowUs);
    else this.#emitSampled(metric, value, sampleRate);
  }

  #changeGauge(metric: Metric, change: number): void {
    metric.isSet = true;
    metric.value += change;
  }

  #takeMember(metric: Metric, member: string): void {
    const { members } = metric;
    metric.isSet = true;
    if (members === undefined || members.has(member)) return;
    if (this.#members >= this.#options.names) {
      this.#options.counts.refusedNames += 1;
      return;
    }
    this.#members += 1;
    members.add(member);
  }

  /** Calls of openstacksdk without an answer: as many events as there were calls. */
  #takeFailedCalls(metric: Metric, calls: number): void {
    for (let call = 0; call < Math.min(calls, mostCalls); call++) this.#emit(metric, [null], this.#nowUs);
  }

  /** What has a time of its own is not added up with others. */
  #takeTimed(metric: Metric, { value, sampleRate, atSeconds = 0 }: StatsdSample): void {
    const timeUs = atSeconds * 1_000_000;
    if (timeUs > this.#nowUs + dayUs)
      this.#options.counts.bad('the time lies more than a day in the future', this.#line);
    else if (metric.kind === 'counter') this.#emit(metric, [value / sampleRate, null], timeUs);
    else if (metric.kind === 'gauge') this.#emit(metric, [value], timeUs);
  }

  #emit({ series, outcome, reason }: Metric, values: readonly (number | null)[], timeUs: number): void {
    this.#options.emit({ series, timeUs, outcome, values, ...(reason === undefined ? {} : { reason }) });
  }

  /** A value that stands for several says so: one of rate 0.1 for ten. */
  #emitSampled(metric: Metric, value: number, sampleRate: number): void {
    const { series, outcome, reason } = metric;
    metric.sampled ??= { ...series, valueNames: [...series.valueNames, 'sampleRate'] };
    const values = [value, sampleRate];
    const event = { series: metric.sampled, timeUs: this.#nowUs, outcome, values };
    this.#options.emit(reason === undefined ? event : { ...event, reason });
  }

  #metricOf(sample: StatsdSample): Metric | undefined {
    const key = `${sample.type}:${sample.name}|${sample.tags}`;
    const known = this.#metrics.get(key);
    if (known !== undefined) return known;
    const { counts, names } = this.#options;
    if (this.#metrics.size >= names) {
      counts.refusedNames += 1;
      return undefined;
    }
    const made = this.#newMetric(sample);
    if (typeof made === 'string') {
      counts.bad(made, this.#line);
      return undefined;
    }
    this.#metrics.set(key, made);
    return made;
  }

  #newMetric({ name, type, tags: text }: StatsdSample): Metric | string {
    if (this.#line.includes('\0')) return 'the line holds NUL';
    const { origin, openstackPrefix } = this.#options;
    const tags = readStatsdTags(text);
    if (typeof tags === 'string') return tags;
    const report = readOpenStackReport(name, type, openstackPrefix);
    const members = type === 'set' ? new Set<string>() : undefined;
    const blank = { sampled: undefined, value: 0, members, isSet: false, isGone: false, reason: undefined };
    if (report === undefined || report === 'counted') {
      const series = seriesOf(name, tags, valueNames[type], origin);
      return typeof series === 'string' ? series : { ...blank, kind: report ?? type, series, outcome: 'ok' };
    }
    const { call, environment, zone } = report;
    const { method, status } = call;
    const said = Object.entries({ environment, zone, method, operation: operationOfCall(call), status });
    const described = new Map([...tags, ...said.filter(([, text]) => text !== ''), ['service', call.service] as const]);
    const series = seriesOf(openStackEventName, described, ['durationMs'], origin);
    return typeof series === 'string' ? series : { ...blank, kind: 'call', series, ...outcomeOfCall(call) };
  }
}
