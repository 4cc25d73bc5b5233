import * as prometheus from 'prom-client';
import { type Counter, collectDefaultMetrics, type Gauge, Histogram, Registry } from 'prom-client';
import type { Figure } from './handler.ts';

/** What /metrics tells: Node.js, the requests of the API, and the figures that the parts of the process give. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #figures: () => Promise<readonly Figure[]>;
  readonly #requests: Histogram;
  readonly #series = new Map<string, Counter | Gauge>();

  constructor(figures: () => Promise<readonly Figure[]>) {
    this.#figures = figures;
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Duration of HTTP requests by route template',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [this.#registry],
    });
  }

  observeRequest(
    labels: { readonly method: string; readonly route: string; readonly status: number },
    seconds: number,
  ) {
    this.#requests.observe({ ...labels, status: String(labels.status) }, seconds);
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
