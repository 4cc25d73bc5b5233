import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import {
  type AnswerOf,
  type BodyOf,
  isWatchkeeperError,
  monitorRollup,
  type NewEvent,
  type OperationName,
  type ParamsOf,
  type QueryOf,
} from '@watchkeeper/model';
import { startProcessor } from '@watchkeeper/processor';
import { openStore, putBuiltInRollup } from '@watchkeeper/store';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import type { ApiDependencies, Call, Caller } from '../src/handler.ts';
import { eventHandlers } from '../src/handlers/events.ts';
import { monitorReadHandlers } from '../src/handlers/monitor-reads.ts';
import { overviewHandlers } from '../src/handlers/overview.ts';
import { queryHandlers } from '../src/handlers/query.ts';
import { rollupHandlers } from '../src/handlers/rollups.ts';

const handlers = { ...eventHandlers, ...monitorReadHandlers, ...overviewHandlers, ...queryHandlers, ...rollupHandlers };
type Name = keyof typeof handlers & OperationName;

export function aCaller(over: Partial<Caller> = {}): Caller {
  return {
    name: 'somebody',
    keyId: null,
    role: 'viewer',
    tenantId: 1,
    tenant: 'default',
    seesAllTenants: false,
    kind: 'key',
    expiresAt: null,
    ...over,
  };
}

type Input<N extends OperationName> = {
  params?: ParamsOf<N>;
  query?: QueryOf<N>;
  body?: BodyOf<N>;
  caller?: Caller;
  ifMatch?: number;
};

/** A database of its own with an event log, and the reading handlers called without HTTP. */
export async function openReadsWorld() {
  const database = await createTestDatabase();
  const store = openStore({ connection: database.connection });
  await putBuiltInRollup(store.db, monitorRollup);
  const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
  const messages = postgresMessages({ store, clock: systemClock, logger });
  const { default: driver } = await logDrivers.postgres();
  const context = { connection: database.connection, messages, clock: systemClock, logger };
  const eventLog = await driver.open({ partitions: 2, seriesPerTenant: 100_000 }, context);
  const dependencies = { store, eventLog, messages, clock: systemClock, logger } as unknown as ApiDependencies;
  let producers = 0;

  return {
    store,
    dependencies,
    async ask<N extends Name>(name: N, input: Input<N> = {}): Promise<AnswerOf<N>> {
      const call = {
        params: {},
        query: {},
        caller: aCaller(),
        requestId: 'test',
        remoteAddress: '127.0.0.1',
        signal: new AbortController().signal,
        ifMatch: undefined,
        ...input,
      };
      const handler = handlers[name] as unknown as (
        call: Call<OperationName>,
        dependencies: ApiDependencies,
      ) => Promise<AnswerOf<N>>;
      return handler(call as unknown as Call<OperationName>, dependencies);
    },
    /** Code and pointers of the error that a question ends with. */
    async refusal<N extends Name>(name: N, input: Input<N>): Promise<{ code: string; pointers: string[] }> {
      try {
        await this.ask(name, input);
      } catch (error) {
        if (isWatchkeeperError(error))
          return { code: error.code, pointers: error.problems.map(({ pointer }) => pointer) };
        throw error;
      }
      throw new Error(`${name} was not refused`);
    },
    async append(events: readonly NewEvent[]) {
      producers += 1;
      const producer = `producer-${producers}`;
      const { epoch } = await eventLog.openProducer(producer);
      const result = await eventLog.append({ producer, epoch, firstSeq: 1, events });
      if (result.stored !== events.length) throw new Error(`${result.stored} of ${events.length} events were stored`);
    },
    /** Adds all events of the log up into rollups. */
    async addUp() {
      const processor = startProcessor({
        store,
        eventLog,
        messages,
        clock: systemClock,
        logger,
        holder: 'test',
        writeEveryMs: 10,
      });
      const ends = await eventLog.ends();
      const all = ends.reduce((sum, { offset }) => sum + offset, 0);
      for (;;) {
        const rows = await store.db
          .selectFrom('reader_positions')
          .select(['log_offset'])
          .where('reader', '=', 'processor')
          .execute();
        if (rows.reduce((sum, row) => sum + row.log_offset, 0) === all) break;
        await systemClock.pause(5);
      }
      await processor.drain();
    },
    async close() {
      await eventLog.close();
      await messages.close();
      await store.close();
      await database.drop();
    },
  };
}

export type ReadsWorld = Awaited<ReturnType<typeof openReadsWorld>>;
