/** A real Prometheus for tests, from the Debian package `prometheus`. Its port is a free one, data lives in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

/** One series of an answer. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970-01-01 UTC and the value as text. */
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface QueryRange {
  readonly from: Date;
  readonly to: Date;
  readonly stepSeconds: number;
}

export interface Prometheus {
  readonly url: string;
  readonly process: ServerProcess;
  /** Asks in PromQL, now or at a time. @throws Error with what the server said */
  query(question: string): Promise<readonly PrometheusSeries[]>;
  /** The same at every step of a range. */
  queryRange(question: string, range: QueryRange): Promise<readonly PrometheusSeries[]>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @param scrape entries of `scrape_configs` in YAML, with their indentation; or a whole configuration in a file */
export async function startPrometheus(scrape: string | { readonly file: string } = ''): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-prometheus-'));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const file = typeof scrape === 'string' ? join(folder, 'prometheus.yml') : scrape.file;
  if (typeof scrape === 'string')
    writeFileSync(file, `global: { scrape_interval: 1s }\n${scrape === '' ? '' : `scrape_configs:\n${scrape}\n`}`);
  let running: ServerProcess | undefined;
  const start = async () => {
    const started = startProcess('prometheus', [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=remote-write-receiver',
      '--web.enable-remote-write-receiver',
      '--log.level=error',
    ]);
    running = started;
    await until(`Prometheus on port ${port}`, () => isReady(url), { server: started });
  };
  const stop = async () => {
    await running?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = async (operation: string, fields: Record<string, string>) => {
    const response = await fetch(`${url}/api/v1/${operation}`, { method: 'POST', body: new URLSearchParams(fields) });
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: readonly PrometheusSeries[] };
    };
    if (status !== 'success' || data === undefined) throw new Error(`Prometheus: ${error ?? status}`);
    return data.result;
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    get process() {
      return running as ServerProcess;
    },
    query: (question) => ask('query', { query: question }),
    queryRange: (question, { from, to, stepSeconds }) =>
      ask('query_range', {
        query: question,
        start: String(from.getTime() / 1000),
        end: String(to.getTime() / 1000),
        step: String(stepSeconds),
      }),
    kill: async () => running?.stop('SIGKILL'),
    start,
    stop,
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/-/ready`)).ok;
  } catch {
    // Nobody listens there yet.
    return false;
  }
}
