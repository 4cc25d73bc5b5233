import { expect, it } from 'vitest';
import { ManualClock } from '../../kit/test/manual-clock.ts';
import { logger, until } from '../test/messages-world.ts';
import type { Topic } from './messages.ts';
import { WakeSender } from './wake-sender.ts';

/** A broker that is there or not. */
function aSender() {
  const clock = new ManualClock();
  const broker = { isAway: false, attempts: 0, sent: [] as Topic[] };
  const send = async (topic: Topic) => {
    broker.attempts += 1;
    if (broker.isAway) throw new Error('nobody there');
    broker.sent.push(topic);
  };
  return { broker, clock, sender: new WakeSender({ send, clock, logger }) };
}

it('A wake-up that cannot be sent is tried again, and several of one topic become one', async () => {
  const { broker, clock, sender } = aSender();
  broker.isAway = true;
  for (const topic of ['monitors', 'states', 'monitors', 'monitors'] as const) sender.add(topic);
  await until('the first attempt', () => broker.attempts === 1);
  broker.isAway = false;
  clock.advance(5000);
  await until('both wake-ups', () => broker.sent.length === 2);
  expect(broker.sent.toSorted()).toEqual(['monitors', 'states']);
});

it('A wake-up that comes while one of its topic is being sent is sent after it: rows may have changed in between', async () => {
  const { broker, sender } = aSender();
  sender.add('states');
  sender.add('states');
  await until('both wake-ups', () => broker.sent.length === 2);
});

it('The end waits for what is being sent, but not for a broker that is away', async () => {
  const { broker, clock, sender } = aSender();
  broker.isAway = true;
  sender.add('alerts');
  await until('the first attempt', () => broker.attempts === 1);
  const closed = sender.close();
  clock.advance(1000);
  await closed;
  const { attempts } = broker;
  clock.advance(60_000);
  await sender.close();
  expect(broker.attempts).toBe(attempts);
  expect(broker.sent).toEqual([]);
});
