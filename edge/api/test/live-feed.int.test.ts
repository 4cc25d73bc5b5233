import type { Readable } from 'node:stream';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { logDrivers } from '@watchkeeper/log';
import { postgresMessages } from '@watchkeeper/messages';
import type { EventLog, NewEvent } from '@watchkeeper/model';
import { openStore } from '@watchkeeper/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { createTestDatabase } from '../../../foundation/store/test/test-database.ts';
import { LiveFeed, type LiveFeedOptions } from '../src/live-feed.ts';

interface Message {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

/** Reads a stream of server-sent events as a client would. */
function listen(stream: Readable) {
  const messages: Message[] = [];
  let comments = 0;
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? '';
      if (block.startsWith(':')) comments += 1;
      if (field('data') !== '') messages.push({ event: field('event'), id: field('id'), data: field('data') });
    }
  });
  return {
    messages,
    get comments() {
      return comments;
    },
    events: () =>
      messages
        .filter(({ event }) => event === 'event')
        .flatMap(({ data }) => JSON.parse(data) as { id: string; service: string; tenant: string }[]),
    until: (isThere: () => boolean) => expect.poll(isThere, { timeout: 5000, interval: 5 }).toBe(true),
  };
}

describe('The live feed', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let store: ReturnType<typeof openStore>;
  let messages: ReturnType<typeof postgresMessages>;
  let eventLog: EventLog;
  const feeds: LiveFeed[] = [];
  const logged: string[] = [];
  const logger = createLogger({
    level: 'warn',
    format: 'json',
    destination: { write: (line: string) => logged.push(line) } as unknown as NodeJS.WritableStream,
  });

  beforeEach(async () => {
    database = await createTestDatabase();
    store = openStore({ connection: database.connection });
    messages = postgresMessages({ store, clock: systemClock, logger });
    eventLog = await openLog();
  });
  afterEach(async () => {
    for (const feed of feeds.splice(0)) await feed.close();
    await eventLog.close();
    await messages.close();
    await store.close();
    await database.drop();
  });

  async function openLog() {
    const { default: driver } = await logDrivers.postgres();
    const context = { connection: database.connection, messages, clock: systemClock, logger };
    return driver.open({ partitions: 2, seriesPerTenant: 1000 }, context);
  }
  function openFeed(options: Partial<LiveFeedOptions> = {}) {
    const feed = new LiveFeed({ eventLog, messages, clock: systemClock, logger, batchEveryMs: 10, ...options });
    feeds.push(feed);
    return feed;
  }
  async function append(producer: string, events: readonly NewEvent[], into = eventLog) {
    const { epoch } = await into.openProducer(producer);
    await into.append({ producer, epoch, firstSeq: 1, events });
  }
  const of = (service: string, tenant = 'default') => anEvent({ series: aSeries({ service, tenant }) });
  /** Resolves when the feed has looked at the log, so that what is appended now is new to it. */
  async function ready(listener: ReturnType<typeof listen>) {
    await messages.publish('states');
    await listener.until(() => listener.messages.some(({ event }) => event === 'states'));
    listener.messages.length = 0;
  }

  it('sends what arrives after a client came, in batches, and nothing from before', async () => {
    await append('before', [of('old')]);
    const client = listen(openFeed().open({ tenant: 'default' }));
    await ready(client);
    await append('a', [of('one'), of('two')]);
    await append('b', [of('three')]);
    await client.until(() => client.events().length === 3);
    expect(
      client
        .events()
        .map(({ service }) => service)
        .sort(),
    ).toEqual(['one', 'three', 'two']);
  });

  it('shows a client only the events of its tenant and filter', async () => {
    const feed = openFeed();
    const shop = listen(feed.open({ tenant: 'acme', service: 'shop' }));
    const everybody = listen(feed.open({ tenant: undefined }));
    await ready(shop);
    await ready(everybody);
    await append('a', [of('shop', 'acme'), of('shop', 'other'), of('search', 'acme'), of('shop', 'acme')]);
    await everybody.until(() => everybody.events().length === 4);
    await shop.until(() => shop.events().length === 2);
    expect(shop.events().every(({ tenant, service }) => tenant === 'acme' && service === 'shop')).toBe(true);
  });

  it('hears of events that another process appended', async () => {
    const client = listen(openFeed().open({ tenant: 'default' }));
    await ready(client);
    const otherMessages = postgresMessages({ store, clock: systemClock, logger });
    const { default: driver } = await logDrivers.postgres();
    const context = { connection: database.connection, messages: otherMessages, clock: systemClock, logger };
    const other = await driver.open({ partitions: 2, seriesPerTenant: 1000 }, context);
    await append('elsewhere', [of('far')], other);
    await client.until(() => client.events().length === 1);
    await other.close();
    await otherMessages.close();
  });

  it('goes on after the last batch that a client saw, without a gap or a repetition', async () => {
    const feed = openFeed();
    const stream = feed.open({ tenant: 'default' });
    const client = listen(stream);
    await ready(client);
    await append('a', [of('one')]);
    await client.until(() => client.events().length === 1);
    const lastId = client.messages.at(-1)?.id as string;
    stream.destroy();
    await append('b', [of('two')]);
    await append('c', [of('three'), of('elsewhere', 'other')]);
    const back = listen(feed.open({ tenant: 'default' }, lastId));
    await back.until(() => back.events().length === 2);
    await append('d', [of('four')]);
    await back.until(() => back.events().length === 3);
    expect(
      back
        .events()
        .map(({ service }) => service)
        .sort(),
    ).toEqual(['four', 'three', 'two']);
  });

  it('starts anew when the place to go on from is no place of this log', async () => {
    const feed = openFeed();
    for (const id of ['nonsense', '1', '999999,5', '1e3,0']) {
      const client = listen(feed.open({ tenant: 'default' }, id));
      await ready(client);
      await append(`producer-${id}`, [of('new')]);
      await client.until(() => client.events().length === 1);
    }
  });

  it('tells a client that it missed events when it cannot look them up', async () => {
    await append('a', [of('one'), of('two')]);
    const client = listen(openFeed().open({ tenant: 'default' }, '0,0'));
    await client.until(() => client.messages.some(({ event }) => event === 'left-out'));
    expect(client.messages.find(({ event }) => event === 'left-out')?.data).toBe('{"count":null}');
  });

  it('says how many events it left out of a batch', async () => {
    const feed = openFeed({ batchEvents: 10 });
    const client = listen(feed.open({ tenant: 'default' }));
    await ready(client);
    await append(
      'flood',
      Array.from({ length: 100 }, (_, index) => of(`service-${index}`)),
    );
    const leftOut = () =>
      client.messages
        .filter(({ event }) => event === 'left-out')
        .reduce((sum, { data }) => sum + (JSON.parse(data) as { count: number }).count, 0);
    await client.until(() => leftOut() + client.events().length === 100);
    expect(leftOut()).toBe(90);
    expect(client.events().at(-1)?.service).toBe('service-99');
    expect(feed.figures.leftOutEvents).toBe(90);
  });

  it('drops a client that does not take what is sent, counts it and says so in the log', async () => {
    const feed = openFeed({ waitingBytes: 2000 });
    const stream = feed.open({ tenant: 'default' });
    const watcher = listen(feed.open({ tenant: 'default' }));
    await ready(watcher);
    for (let round = 0; !stream.destroyed && round < 100; round++) {
      await append(
        `flood-${round}`,
        Array.from({ length: 20 }, () => of('shop')),
      );
      await watcher.until(() => watcher.events().length === (round + 1) * 20);
    }
    expect(stream.destroyed).toBe(true);
    expect(feed.figures).toMatchObject({ droppedClients: 1, clients: 1 });
    expect(logged.some((line) => line.includes('slow_client'))).toBe(true);
  });

  it('sends a comment when nothing else was sent for a while', async () => {
    const client = listen(openFeed({ heartbeatEveryMs: 20 }).open({ tenant: 'default' }));
    await client.until(() => client.comments >= 3);
  });

  it('ends every stream when it is closed, and answers later ones with an end', async () => {
    const feed = openFeed();
    const streams = [feed.open({ tenant: 'default' }), feed.open({ tenant: undefined })];
    const ends = streams.map((stream) => new Promise((resolve) => stream.on('end', resolve).resume()));
    await feed.close();
    await Promise.all(ends);
    const late = feed.open({ tenant: 'default' });
    await new Promise((resolve) => late.on('end', resolve).resume());
    expect(feed.figures.clients).toBe(0);
  });
});
