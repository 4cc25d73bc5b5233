import { HttpMetrics } from '@watchkeeper/middleware';
import * as prometheus from 'prom-client';
import { type Counter, collectDefaultMetrics, type Gauge, Registry } from 'prom-client';
import type { Figure } from './handler.ts';

/** What /metrics tells: Node.js, the requests of the API, and the figures that the parts of the process give. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #figures: () => Promise<readonly Figure[]>;
  readonly #series = new Map<string, Counter | Gauge>();
  /** The requests of a server of this process. It serves the metrics by a route of its own, which asks who comes. */
  readonly http: HttpMetrics;

  constructor(figures: () => Promise<readonly Figure[]>) {
    this.#figures = figures;
    collectDefaultMetrics({ register: this.#registry });
    this.http = new HttpMetrics({ registry: this.#registry, path: null });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of the Prometheus exposition format. */
  async text(): Promise<string> {
    const figures = await this.#figures();
    for (const series of this.#series.values()) series.reset();
    for (const figure of figures) this.#add(figure);
    return this.#registry.metrics();
  }

  #add({ name, help, type, value, labels = {} }: Figure): void {
    let series = this.#series.get(name);
    if (series === undefined) {
      const Kind = type === 'counter' ? prometheus.Counter : prometheus.Gauge;
      series = new Kind({ name, help, labelNames: Object.keys(labels), registers: [this.#registry] });
      this.#series.set(name, series);
    }
    series.inc(labels, value);
  }
}
