import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Messages, type Topic, topics } from '../src/index.ts';
import { until } from './messages-world.ts';

export interface MessagesUnderTest {
  /** Opens wake-ups as a process of its own would. */
  open(): Messages;
  /** Cuts the connections of all of them; the server is there again at once, or soon. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

/** What every message driver promises of wake-ups. */
export function describeMessagesContract(name: string, prepare: () => Promise<MessagesUnderTest>): void {
  describe(`wake-ups: ${name}`, () => {
    let under: MessagesUnderTest;
    let one: Watched;
    let other: Watched;
    beforeAll(async () => {
      under = await prepare();
      [one, other] = [watch(under.open()), watch(under.open())];
      await Promise.all([one.connected(1), other.connected(1)]);
    });
    afterAll(async () => {
      await Promise.all([one?.messages.close(), other?.messages.close()]);
      await under?.close();
    });

    it('reach another process, and the own one, with their topic', async () => {
      const before = [one.calls('monitors'), other.calls('monitors'), other.calls('rollups')];
      await one.messages.publish('monitors');
      await until('the wake-up in the other process', () => other.calls('monitors') > (before[1] ?? 0));
      await until('the wake-up in the own process', () => one.calls('monitors') > (before[0] ?? 0));
      // What was published later has arrived, and nothing of another topic came along.
      const events = other.calls('events');
      await one.messages.publish('events');
      await until('the next wake-up', () => other.calls('events') > events);
      expect(other.calls('rollups')).toBe(before[2]);
    });

    it('reach nobody who has unsubscribed', async () => {
      let calls = 0;
      const unsubscribe = other.messages.subscribe('alerts', () => {
        calls += 1;
      });
      const before = other.calls('alerts');
      await one.messages.publish('alerts');
      await until('the first wake-up', () => other.calls('alerts') > before);
      expect(calls).toBe(1);
      unsubscribe();
      await one.messages.publish('alerts');
      await until('the second wake-up', () => other.calls('alerts') > before + 1);
      expect(calls).toBe(1);
    });

    it('are followed by a look at everything when a connection was lost, since something may have been missed', async () => {
      const before = new Map(topics.map((topic) => [topic, other.calls(topic)]));
      await under.cut();
      await until(
        'all handlers in both processes',
        () => topics.every((topic) => other.calls(topic) > (before.get(topic) ?? 0)),
        60_000,
      );
      await one.connected(2);
      // And they come through as before.
      const states = other.calls('states');
      await one.messages.publish('states');
      await until('a wake-up after the reconnect', () => other.calls('states') > states);
    });

    it('end when they are closed, once or twice, and nobody is called after that', async () => {
      const third = watch(under.open());
      await third.connected(1);
      await third.messages.close();
      await third.messages.close();
      const calls = third.calls('services');
      const before = other.calls('services');
      await one.messages.publish('services');
      await until('the wake-up of the others', () => other.calls('services') > before);
      expect(third.calls('services')).toBe(calls);
    });

    it('can be closed before they were ever connected', async () => {
      await under.open().close();
    });
  });
}

interface Watched {
  readonly messages: Messages;
  /** How often the handler of a topic was called. */
  calls(topic: Topic): number;
  /** Waits until every handler was called so often at least: by each connection once. */
  connected(times: number): Promise<unknown>;
}

function watch(messages: Messages): Watched {
  const counts = new Map<Topic, number>(topics.map((topic) => [topic, 0]));
  for (const topic of topics) messages.subscribe(topic, () => counts.set(topic, (counts.get(topic) ?? 0) + 1));
  const calls = (topic: Topic) => counts.get(topic) ?? 0;
  return {
    messages,
    calls,
    connected: (times) => until('the connection', () => topics.every((topic) => calls(topic) >= times), 60_000),
  };
}
