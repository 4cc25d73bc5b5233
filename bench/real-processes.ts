import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { type Messages, postgresMessages } from '@watchkeeper/messages';
import { monitorRollup } from '@watchkeeper/model';
import {
  type Connection,
  migrateDatabase,
  openStore,
  putBuiltInRollup,
  type Store,
  startEmbeddedPostgres,
} from '@watchkeeper/store';
import { RunningServer } from '../e2e/running-server.ts';

export const logger = createLogger({ level: 'warn', format: 'text', destination: process.stderr });

/** A database, and processes of the product on it that a bench starts, stops and kills. */
export interface ProcessWorld {
  /** For files of a bench; removed in the end. */
  readonly folder: string;
  readonly connection: Connection;
  readonly store: Store;
  readonly messages: Messages;
  start(...args: string[]): Promise<RunningServer>;
  close(): Promise<void>;
}

export async function openProcessWorld(): Promise<ProcessWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-bench-'));
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'database'), log: () => undefined });
  const { connection } = server;
  await migrateDatabase(connection);
  const store = openStore({ connection });
  await putBuiltInRollup(store.db, monitorRollup);
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { user, password, host, database } = connection;
  const address = `postgres://${user}:${password}@/${database}?host=${host}`;
  const started: RunningServer[] = [];
  return {
    ...{ folder, connection, store, messages },
    async start(...args) {
      const process = await RunningServer.start('--database-url', address, ...args);
      started.push(process);
      return process;
    },
    async close() {
      for (const process of started) await process.close();
      await messages.close();
      await store.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is true; resolves with the seconds that took. @throws Error after `withinSeconds` */
export async function secondsUntil(what: string, look: () => Promise<boolean>, withinSeconds: number): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    const isTrue = await look();
    const seconds = (performance.now() - startedMs) / 1000;
    if (isTrue) return seconds;
    if (seconds > withinSeconds) throw new Error(`waited ${withinSeconds} s for ${what}`);
    await systemClock.pause(100);
  }
}
