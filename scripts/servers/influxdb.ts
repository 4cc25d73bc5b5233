/** A real InfluxDB 1.x for tests and benches, from Debian's package: a server of its own on free ports of the loopback. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

export interface InfluxDb {
  readonly url: string;
  readonly process: ServerProcess;
  /** Asks in InfluxQL. @throws Error when it is refused */
  query<Row = unknown>(statement: string, database?: string): Promise<readonly Row[][]>;
  /** The same with names, tags and columns. */
  series(statement: string, database?: string): Promise<readonly InfluxSeries[]>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/** Starts a server with an empty database and resolves when it answers. */
export async function startInfluxDb(database: string): Promise<InfluxDb> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-influxdb-'));
  const [port = 0, controlPort = 0] = await freePorts(2);
  writeFileSync(join(folder, 'influxdb.conf'), configuration(folder, port, controlPort));
  const run = () => startProcess('influxd', ['-config', join(folder, 'influxdb.conf')], { cwd: folder });
  let server = run();
  const url = `http://127.0.0.1:${port}`;
  const isThere = async () => (await fetch(`${url}/ping`).catch(() => undefined))?.status === 204;
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const series: InfluxDb['series'] = async (statement, of = database) => {
    const response = await fetch(`${url}/query?db=${encodeURIComponent(of)}&epoch=ns`, {
      method: 'POST',
      body: new URLSearchParams({ q: statement }),
    });
    const { results = [], error } = (await response.json()) as QueryAnswer;
    const problem = error ?? results.find((result) => result.error !== undefined)?.error;
    if (problem !== undefined) throw new Error(`InfluxDB refused ${statement}: ${problem}`);
    return results[0]?.series ?? [];
  };
  const query: InfluxDb['query'] = async (statement, of) =>
    (await series(statement, of)).map(({ values }) => values) as never;
  try {
    await until('InfluxDB to answer', isThere, { withinMs: 30_000, server });
    await query(`CREATE DATABASE "${database}"`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ url, query, series, stop },
    get process() {
      return server;
    },
    kill: () => server.stop('SIGKILL'),
    async restart() {
      server = run();
      await until('InfluxDB to answer', isThere, { withinMs: 30_000, server });
    },
  };
}

interface QueryAnswer {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly InfluxSeries[];
  }[];
}

/** The package's own settings, but for places, ports and what it tells of itself. */
function configuration(folder: string, port: number, controlPort: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${controlPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[logging]
  level = "error"
`;
}
