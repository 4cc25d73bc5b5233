import type { DeadLetter } from '@watchkeeper/model';
import {
  countDeadLetters,
  defaultTenantId,
  ensureTenant,
  insertDeadLetters,
  type NewDeadLetter,
  openSession,
  readDeadLetters,
} from '@watchkeeper/store';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiWorld, openApiWorld, problemOf } from './api-world.ts';

const aLetter = (over: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  ...{ tenantId: null, origin: 'kafka events/0 at 7', eventIndex: null, reason: 'validation_failed' },
  ...{ message: '/events: is missing', sizeBytes: 20, body: '{"version":1}' },
  ...over,
});

describe('Dead letters', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await openApiWorld();
  });
  afterAll(() => world.close());

  const put = async (...letters: NewDeadLetter[]) => {
    const session = await openSession(world.store.connection);
    await session.write((_tx, client) => insertDeadLetters(client, letters));
    await session.close();
  };
  const list = async (query = '', key = world.admin) => {
    const response = await world.ask(`GET /api/v1/dead-letters${query}`, { key });
    expect(response.statusCode, response.body).toBe(200);
    return response.json() as { items: DeadLetter[]; next: string | null };
  };
  const messages = ({ items }: { items: readonly DeadLetter[] }) => items.map(({ message }) => message);

  it('are listed newest first, page by page, also those that were put aside at the same moment', async () => {
    expect(await list()).toEqual({ items: [], next: null });
    await put(...['one', 'two', 'three', 'four', 'five'].map((message) => aLetter({ message })));
    await put(aLetter({ message: 'six', eventIndex: 3, body: null }));
    const first = await list('?limit=2');
    expect(messages(first)).toEqual(['six', 'five']);
    expect(first.items[0]).toMatchObject({
      tenant: null,
      eventIndex: 3,
      body: null,
      sizeBytes: 20,
      reason: 'validation_failed',
    });
    expect(first.items[1]?.body).toBe('{"version":1}');
    const second = await list(`?limit=3&cursor=${first.next}`);
    expect(messages(second)).toEqual(['four', 'three', 'two']);
    const third = await list(`?limit=3&cursor=${second.next}`);
    expect([messages(third), third.next]).toEqual([['one'], null]);
  });

  it('are found by reason and by time', async () => {
    await put(aLetter({ message: 'too many series', reason: 'series_limit' }));
    expect(messages(await list('?reason=series_limit'))).toEqual(['too many series']);
    await sql`update dead_letters set at = at - interval '2 hours' where message = 'one'`.execute(world.store.db);
    expect(messages(await list('?to=now-1h'))).toEqual(['one']);
    expect(messages(await list('?from=now-3h&to=now-1h'))).toEqual(['one']);
    expect(messages(await list('?from=now-1h&reason=validation_failed'))).toEqual([
      'six',
      'five',
      'four',
      'three',
      'two',
    ]);
    const wrong = await world.ask('GET /api/v1/dead-letters?from=2026-02-30T00:00:00Z');
    expect([wrong.statusCode, problemOf(wrong).errors?.[0]?.pointer]).toEqual([422, 'query:from']);
  });

  it('of every tenant and of nobody are seen by whoever operates the installation, in a tenant only its own', async () => {
    const tenantId = await ensureTenant(world.store.db, 'other');
    await put(aLetter({ tenantId, message: 'of the other' }), aLetter({ message: 'of nobody' }));
    const { text: operator } = await world.makeKey('operator', { tenant: 'other' });
    const seen = await list('?limit=2', operator);
    expect(seen.items).toMatchObject([
      { tenant: null, message: 'of nobody' },
      { tenant: 'other', message: 'of the other' },
    ]);
    const within = (id: number) => world.store.read(id, (tx) => readDeadLetters(tx, { limit: 100 }));
    expect(await within(tenantId)).toMatchObject([{ tenant: 'other', message: 'of the other' }]);
    expect(await within(defaultTenantId)).toEqual([]);
    const { text: editor } = await world.makeKey('editor', { tenant: 'other' });
    expect((await world.ask('GET /api/v1/dead-letters', { key: editor })).statusCode).toBe(403);
  });

  it('are counted for ever, also when old ones are deleted', async () => {
    const before = await countDeadLetters(world.store.db);
    await sql`delete from dead_letters`.execute(world.store.db);
    expect(await countDeadLetters(world.store.db)).toBe(before);
    await put(aLetter());
    expect(await countDeadLetters(world.store.db)).toBe(before + 1);
  });
});
