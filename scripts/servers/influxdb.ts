/** A real InfluxDB 1.x for tests and benches, from the Debian package `influxdb`. Ports are free ones, data lives in a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from './free-ports.ts';
import { type ServerProcess, startProcess, until } from './server-process.ts';

/** Rows of one series of an answer. */
export interface InfluxSeries {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

export interface InfluxDb {
  readonly url: string;
  readonly process: ServerProcess;
  /** Asks in InfluxQL; times are nanoseconds. @throws Error with what the server said */
  query(question: string, database?: string): Promise<readonly InfluxSeries[]>;
  /** Ends it at once. */
  kill(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export async function startInfluxDb(): Promise<InfluxDb> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-influxdb-'));
  const [port = 0, backupPort = 0] = await freePorts(2);
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'influxdb.conf');
  writeFileSync(file, configuration(folder, port, backupPort));
  let running: ServerProcess | undefined;
  const start = async () => {
    const started = startProcess('influxd', ['-config', file]);
    running = started;
    await until(`InfluxDB on port ${port}`, () => answers(url), { server: started });
  };
  const stop = async () => {
    await running?.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
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
    async query(question, database = '') {
      const body = new URLSearchParams({ q: question, db: database, epoch: 'ns' });
      const response = await fetch(`${url}/query`, { method: 'POST', body });
      const { error, results = [] } = (await response.json()) as {
        error?: string;
        results?: readonly { error?: string; series?: readonly InfluxSeries[] }[];
      };
      const failure = error ?? results.find((result) => result.error !== undefined)?.error;
      if (failure !== undefined) throw new Error(`InfluxDB: ${failure}`);
      return results.flatMap(({ series = [] }) => series);
    },
    kill: async () => running?.stop('SIGKILL'),
    start,
    stop,
  };
}

function configuration(folder: string, port: number, backupPort: number): string {
  return `
reporting-disabled = true
bind-address = "127.0.0.1:${backupPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  index-version = "inmem"
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
`;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ping`)).status === 204;
  } catch {
    // Nobody listens there yet.
    return false;
  }
}
