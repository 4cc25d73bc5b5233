import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { CloudEvent } from '@watchkeeper/model';
import { defaultTenantId, noteNotification, openStore, type Store } from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../kit/test/child.ts';
import { createTestDatabase, type TestDatabase } from '../../../store/test/test-database.ts';

const program = fileURLToPath(new URL('./notifier-child.ts', import.meta.url));

let database: TestDatabase;
let store: Store;
let server: Server;
let receiver = '';
let received: CloudEvent[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  store = openStore({ connection: database.connection, notesNotifications: true });
  received = [];
  server = createServer(async (request, response) => {
    received.push(JSON.parse(Buffer.concat(await request.toArray()).toString()) as CloudEvent);
    response.end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  receiver = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await store.close();
  await database.drop();
});

const run = (failpoint?: string) =>
  runChild(
    program,
    [JSON.stringify(database.connection), receiver],
    failpoint === undefined ? {} : { WK_FAILPOINT: `${failpoint}:kill` },
  );

/** Four subjects with three notifications each, in one transaction. */
const note = () =>
  store.write(async (tx) => {
    for (let index = 0; index < 12; index++) {
      const data = { kind: 'service', name: `s${index % 4}`, id: null, change: 'changed', actor: `number ${index}` };
      const subject = `services/s${index % 4}`;
      await noteNotification(tx, { tenantId: defaultTenantId, type: 'watchkeeper.object.changed', subject, data });
    }
  });

describe('A notifier that is killed', () => {
  for (const failpoint of ['notifier.before-send', 'notifier.before-mark', 'notifier.after-mark']) {
    it(`at ${failpoint} loses nothing, and repeats only under the same identifier`, async () => {
      await note();
      const killed = await run(failpoint);
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      // The claims of the dead one run out; the test does not wait for that.
      await sql`update notifications set claimed_until = now() where claimed_until is not null`.execute(store.db);
      const again = await run();
      expect(again.lines, again.stderr).toEqual(['done']);

      const actors = new Map(received.map(({ id, data }) => [id, String(data.actor)]));
      expect([...actors.values()].toSorted()).toEqual(
        Array.from({ length: 12 }, (_, index) => `number ${index}`).toSorted(),
      );
      // A receiver that drops what it knows hears of every subject in the order in which things happened.
      const firsts = received.filter(({ id }, place) => received.findIndex((other) => other.id === id) === place);
      for (const ofSubject of Map.groupBy(firsts, ({ subject }) => subject).values()) {
        const numbers = ofSubject.map(({ data }) => Number(String(data.actor).slice('number '.length)));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    }, 40_000);
  }
});
