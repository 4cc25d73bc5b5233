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
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Starts a server with an empty database and resolves when it answers. */
export async function startInfluxDb(database: string): Promise<InfluxDb> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-influxdb-'));
  const [port = 0, controlPort = 0] = await freePorts(2);
  writeFileSync(join(folder, 'influxdb.conf'), configuration(folder, port, controlPort));
  const server = startProcess('influxd', ['-config', join(folder, 'influxdb.conf')], { cwd: folder });
  const url = `http://127.0.0.1:${port}`;
  const isThere = async () => (await fetch(`${url}/ping`).catch(() => undefined))?.status === 204;
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const query: InfluxDb['query'] = async (statement, of = database) => {
    const response = await fetch(`${url}/query?db=${encodeURIComponent(of)}&epoch=ns`, {
      method: 'POST',
      body: new URLSearchParams({ q: statement }),
    });
    const { results = [], error } = (await response.json()) as QueryAnswer;
    const problem = error ?? results.find((result) => result.error !== undefined)?.error;
    if (problem !== undefined) throw new Error(`InfluxDB refused ${statement}: ${problem}`);
    return (results[0]?.series ?? []).map(({ values }) => values) as never;
  };
  try {
    await until('InfluxDB to answer', isThere, { withinMs: 30_000, server });
    await query(`CREATE DATABASE "${database}"`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, process: server, query, stop };
}

interface QueryAnswer {
  readonly error?: string;
  readonly results?: readonly {
    readonly error?: string;
    readonly series?: readonly { readonly values: readonly unknown[] }[];
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
