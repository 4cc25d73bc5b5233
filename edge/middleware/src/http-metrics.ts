import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import type { Emitter } from '@watchkeeper/emit';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { countRequestBytes, countResponseBytes } from './body-sizes.ts';
import { BoundedValues, otherValue } from './bounded-values.ts';
import { excludedPaths, pathOf } from './excluded-paths.ts';
import { OpenConnections } from './open-connections.ts';
import { ownRoute } from './own-route.ts';
import { type ServedRequest, servedEvent } from './served-event.ts';

/** The route template of a request that has ended; undefined where no route matched. */
export type RouteOf = () => string | undefined;

export interface HttpMetricsOptions {
  /** Where the metrics are kept; one of their own when left out. Give yours to serve both at one address. */
  readonly registry?: Registry;
  /** Path at which the metrics are served to anybody who asks; `/metrics` when left out, null for none. */
  readonly path?: string | null;
  /** Paths that are not measured: `/health/live`, everything below `/assets/*`, or a pattern. */
  readonly exclude?: readonly (string | RegExp)[];
  /** Own labels: the name, and the value of a request that has ended. */
  readonly labels?: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => string>>;
  /** Most values of each own label. Default 50. Beyond it a value is `other` and counted as refused. */
  readonly maxLabelValues?: number;
  /** Most route templates. Default 1000. Beyond it a route is `other` and counted as refused. */
  readonly maxRoutes?: number;
  /** Upper bounds of durations, seconds. */
  readonly durationBuckets?: readonly number[];
  /** Upper bounds of sizes, bytes. */
  readonly sizeBuckets?: readonly number[];
  /** Whether the metrics of Node.js itself (memory, event loop) are kept too. Default false. */
  readonly ofNode?: boolean;
  /** Sends an event `http.served` for each request, too. */
  readonly emitter?: Emitter;
}

/** Label of requests for which there is no route. */
const noRoute = 'none';
/** Status of requests whose client went away before it had the whole answer. */
const aborted = 499;
const seconds = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const bytes = [100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
const methods: ReadonlySet<string> = new Set(METHODS);

type Measures = Pick<ServedRequest, 'durationMs' | 'requestBytes' | 'responseBytes'>;

/** Metrics of the requests of a server. The adapters for the frameworks call `begin`; nothing here throws into them. */
export class HttpMetrics {
  readonly registry: Registry;
  /** Path at which the adapters serve the metrics; null for none. */
  readonly path: string | null;
  readonly #requests: Counter;
  readonly #durations: Histogram;
  readonly #requestSizes: Histogram;
  readonly #responseSizes: Histogram;
  readonly #emitter: Emitter | undefined;
  readonly #isExcluded: ((url: string) => boolean) | undefined;
  readonly #routes: BoundedValues;
  readonly #own: readonly {
    readonly name: string;
    readonly read: (request: IncomingMessage, response: ServerResponse) => string;
    readonly values: BoundedValues;
  }[];
  #connections: OpenConnections | undefined;
  #inFlight = 0;

  /** @throws Error for labels and buckets that Prometheus does not allow, and for metrics that the registry has */
  constructor(options: HttpMetricsOptions = {}) {
    const { exclude = [], labels = {}, maxLabelValues = 50, maxRoutes = 1000, path = '/metrics' } = options;
    this.registry = options.registry ?? new Registry();
    this.path = path;
    this.#emitter = options.emitter;
    const left = [...exclude, ...(path === null ? [] : [path])];
    this.#isExcluded = left.length === 0 ? undefined : excludedPaths(left);
    const registers = [this.registry];
    const labelNames = ['method', 'route', 'status', ...Object.keys(labels)];
    const histogram = (name: string, help: string, buckets: readonly number[]) =>
      new Histogram({ name, help, labelNames, registers, buckets: [...buckets] });
    this.#requests = new Counter({ name: 'http_requests_total', help: 'HTTP requests', labelNames, registers });
    this.#durations = histogram(
      'http_request_duration_seconds',
      'Duration of HTTP requests by route template',
      options.durationBuckets ?? seconds,
    );
    const sizes = options.sizeBuckets ?? bytes;
    this.#requestSizes = histogram('http_request_size_bytes', 'Size of the bodies of HTTP requests', sizes);
    this.#responseSizes = histogram('http_response_size_bytes', 'Size of the bodies of HTTP responses', sizes);
    const inFlight = () => this.#inFlight;
    new Gauge({
      name: 'http_requests_in_flight',
      help: 'HTTP requests under way',
      registers,
      collect() {
        this.set(inFlight());
      },
    });
    const refused = new Counter({
      name: 'http_label_values_refused_total',
      help: 'Label values that were replaced, since there would have been too many of them',
      labelNames: ['label'],
      registers,
    });
    this.#routes = new BoundedValues(maxRoutes, () => refused.inc({ label: 'route' }));
    this.#own = Object.entries(labels).map(([name, read]) => ({
      ...{ name, read },
      values: new BoundedValues(maxLabelValues, () => refused.inc({ label: name })),
    }));
    if (options.ofNode) collectDefaultMetrics({ register: this.registry });
  }

  /** Content type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** What Prometheus reads. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Tells the number of open connections of this server, too. */
  countConnections(server: Server): void {
    this.#connections ??= new OpenConnections(this.registry);
    this.#connections.add(server);
  }

  /** Measures a request from now until its response is closed, however that happens. */
  begin(request: IncomingMessage, response: ServerResponse, routeOf: RouteOf): void {
    if (this.#isExcluded?.(request.url ?? '')) return;
    const startMs = performance.now();
    const requestBytes = countRequestBytes(request);
    const responseBytes = countResponseBytes(response);
    this.#inFlight += 1;
    let isFinished = false;
    response.once('finish', () => {
      isFinished = true;
    });
    response.once('close', () => {
      this.#inFlight -= 1;
      this.#count(request, response, routeOf, {
        // Over HTTP/2 a response that was cancelled finishes without having ended.
        isWhole: isFinished && response.writableEnded,
        durationMs: performance.now() - startMs,
        requestBytes: requestBytes(),
        responseBytes: responseBytes(),
      });
    });
  }

  /** Answers with the metrics, where this request asks for them. Returns whether it does. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.path === null || pathOf(request.url ?? '') !== this.path) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    this.text().then(
      (text) => response.writeHead(200, { 'content-type': this.contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(`The metrics cannot be read: ${String(error)}\n`),
    );
    return true;
  }

  #count(
    request: IncomingMessage,
    response: ServerResponse,
    routeOf: RouteOf,
    { isWhole, ...sizes }: Measures & { readonly isWhole: boolean },
  ): void {
    const { method = '' } = request;
    const status = isWhole ? response.statusCode : aborted;
    const labels: Record<string, string> = {
      method: methods.has(method) ? method : otherValue,
      route: this.#routes.taken(() => ownRoute(request) ?? routeOf() ?? noRoute),
      status: String(status),
    };
    for (const { name, read, values } of this.#own) labels[name] = values.taken(() => read(request, response));
    this.#requests.inc(labels);
    this.#durations.observe(labels, sizes.durationMs / 1000);
    this.#requestSizes.observe(labels, sizes.requestBytes);
    this.#responseSizes.observe(labels, sizes.responseBytes);
    this.#emitter?.emit(servedEvent({ ...sizes, status, labels }));
  }
}
