import {
  type EventBatch,
  type EventLog,
  type InputSender,
  type NewEvent,
  type RefusedInputs,
  WatchkeeperError,
} from '@watchkeeper/model';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import { Receipt } from './receipt.ts';
import { SeriesGuard } from './series-guard.ts';

const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn++) await new Promise((done) => setImmediate(done));
};
const many = (count: number): NewEvent[] => Array.from({ length: count }, (_, index) => anEvent({ values: [index] }));
const away = () => new WatchkeeperError('database_unavailable', 'away');

/** A log at the border of the process: answers with the errors of a test first. */
function aReceipt(errors: WatchkeeperError[] = [], waitingEvents?: number, seriesGuard?: SeriesGuard, partitions = 1) {
  const tried: EventBatch[] = [];
  let opened = 0;
  let hold: Promise<void> = Promise.resolve();
  const eventLog = {
    partitionCount: partitions,
    openProducer: async () => ({ epoch: ++opened }),
    append: async (batch: EventBatch) => {
      tried.push(batch);
      await hold;
      const error = errors.shift();
      if (error !== undefined) throw error;
      return { stored: batch.events.length - 1, alreadyStored: 0, refused: [{ index: 0, code: 'series_limit' }] };
    },
  } as unknown as EventLog;
  const clock = new ManualClock();
  const limit = waitingEvents === undefined ? {} : { waitingEvents };
  const noted: string[] = [];
  const refusedInputs: RefusedInputs = {
    note: ({ door }, { reason, message }) => void noted.push(`${door}: ${reason}, ${message}`),
  };
  const guard = seriesGuard === undefined ? {} : { seriesGuard };
  const receipt = new Receipt({ eventLog, clock, holder: 'here', refusedInputs, ...limit, ...guard });
  return {
    ...{ receipt, tried, clock, noted },
    holdUp() {
      let goOn = () => {};
      hold = new Promise((resolve) => {
        goOn = resolve;
      });
      return goOn;
    },
  };
}

describe('Events without identity', () => {
  it('get producers, epochs and rising numbers, and large bodies are stored in parts', async () => {
    const { receipt, tried } = aReceipt();
    const answer = await receipt.take(many(12_000), { id: 'body', withinMs: 1000 });
    expect(tried.map(({ events }) => events.length)).toEqual([5000, 5000, 2000]);
    expect(new Set(tried.map(({ producer }) => producer)).size).toBe(3);
    expect(tried.every(({ producer }) => producer.startsWith('receipt/here/'))).toBe(true);
    expect(tried.map(({ delivery }) => delivery?.id)).toEqual(['body/0-5000', 'body/5000-10000', 'body/10000-12000']);
    expect(answer).toMatchObject({ stored: 11_997, alreadyStored: 0 });
    expect(answer.refused.map(({ index }) => index)).toEqual([0, 5000, 10_000]);
    expect(receipt.stats()).toEqual({ stored: 11_997, repeated: 0, refused: 3, unreadable: 0, waiting: 0 });

    for (let n = 0; n < 5; n++) await receipt.take(many(2));
    const first = tried.filter(({ producer }) => producer === tried[0]?.producer);
    expect(first.map(({ firstSeq }) => firstSeq)).toEqual([1, 5001, 5003]);
  });

  it('of a body that is larger than the log lets wait are stored part by part', async () => {
    const { receipt, tried, holdUp } = aReceipt([], undefined, undefined, 4);
    const goOn = holdUp();
    const taken = receipt.take(many(201_000));
    await turns();
    expect(tried).toHaveLength(20);
    goOn();
    expect(await taken).toMatchObject({ stored: 201_000 - 41 });
    expect(tried.map(({ events }) => events[0]?.values[0])).toEqual(Array.from({ length: 41 }, (_, n) => n * 5000));
  });

  it('of a large body are not stored any further once a part of it was refused', async () => {
    const full = new WatchkeeperError('log_overloaded', 'full');
    const { receipt, tried } = aReceipt([full], undefined, undefined, 4);
    await expect(receipt.take(many(201_000))).rejects.toBe(full);
    expect(tried.length).toBeLessThan(41);
    expect(receipt.stats().waiting).toBe(0);
  });

  it('are sent again under the same numbers while nobody knows whether they are stored', async () => {
    const { receipt, tried, clock } = aReceipt([away(), away()]);
    const taken = receipt.take(many(3));
    for (let n = 0; n < 5; n++) {
      await turns();
      clock.advance(500);
    }
    expect(await taken).toMatchObject({ stored: 2 });
    expect(tried).toHaveLength(3);
    expect(new Set(tried.map(({ producer, epoch, firstSeq }) => `${producer} ${epoch} ${firstSeq}`)).size).toBe(1);
  });

  it('are given back to their sender when the log stays away, and the next ones have numbers of their own', async () => {
    const errors = Array.from({ length: 100 }, away);
    const { receipt, tried, clock } = aReceipt(errors);
    const taken = expect(receipt.take(many(3))).rejects.toMatchObject({ code: 'database_unavailable' });
    for (let n = 0; n < 20; n++) {
      await turns();
      clock.advance(500);
    }
    await taken;
    const [first] = tried;
    errors.length = 0;
    await receipt.take(many(1));
    expect(tried.filter(({ producer }) => producer === first?.producer).at(-1)?.firstSeq).toBe(4);
  });

  it('are refused at once when too many wait; what is larger than the room has it alone', async () => {
    const { receipt, holdUp } = aReceipt([], 10);
    const goOn = holdUp();
    const large = receipt.take(many(50));
    await expect(receipt.take(many(1))).rejects.toMatchObject({ code: 'log_overloaded' });
    goOn();
    await large;
    expect(await receipt.take(many(2))).toMatchObject({ stored: 1 });
  });

  it('have their producer alone until the log has answered, whatever else comes meanwhile', async () => {
    const { receipt, tried, clock, holdUp } = aReceipt([away()]);
    const goOn = holdUp();
    const taken = Promise.all(Array.from({ length: 40 }, () => receipt.take(many(2))));
    await turns();
    expect(tried).toHaveLength(16);
    expect(new Set(tried.map(({ producer }) => producer)).size).toBe(16);
    goOn();
    await turns();
    // The one that nobody knows of has not been overtaken under its producer.
    const [unknown] = tried;
    const ofIt = () => tried.filter(({ producer }) => producer === unknown?.producer);
    expect(ofIt()).toHaveLength(1);
    clock.advance(500);
    await taken;
    expect(ofIt().map(({ firstSeq }) => firstSeq)).toEqual([1, 1]);
    expect(tried).toHaveLength(41);
  });

  it('go on under a new start when the producer was fenced', async () => {
    const { receipt, tried, clock } = aReceipt([new WatchkeeperError('epoch_fenced', 'fenced')]);
    const taken = receipt.take(many(2));
    await turns();
    clock.advance(500);
    await taken;
    await receipt.take(many(2));
    expect(tried.map(({ epoch, firstSeq }) => [epoch, firstSeq])).toEqual([
      [1, 1],
      [2, 1],
      [2, 3],
    ]);
  });
});

describe('Events of new series that are one too many', () => {
  const sender: InputSender = { door: 'write', tenant: 'default', keyId: 'a', name: 'telegraf' };
  const guard = (perRequest: number) =>
    new SeriesGuard({
      ...{ clock: new ManualClock(), newSeries: async (given) => given },
      limits: { perRequest, perKey: 100, perKeyAndMinute: 1 },
    });
  const ofHosts = (...hosts: number[]) => hosts.map((host) => anEvent({ series: aSeries({ host: `h${host}` }) }));

  it('are told by the places that they had, beside those that the log refuses, and who sent them is told', async () => {
    const { receipt, tried, noted } = aReceipt([], undefined, guard(2));
    const answer = await receipt.take(ofHosts(3, 3, 1, 2, 1), undefined, sender);
    expect(tried.map(({ events }) => events.map(({ series }) => series.host))).toEqual([['h3', 'h3', 'h1', 'h1']]);
    expect(answer).toEqual({
      ...{ stored: 3, alreadyStored: 0 },
      refused: [
        { index: 0, code: 'series_limit' },
        { index: 3, code: 'series_request_limit' },
      ],
    });
    expect(noted).toEqual([
      'write: series_limit, Too many new series: monitor.checked',
      'write: series_request_limit, Too many new series in one request: monitor.checked',
    ]);
    expect(receipt.stats()).toMatchObject({ stored: 3, refused: 2 });
  });

  it('do not make the others wait for each other one by one, and never more of them than the log remembers gaps', async () => {
    const known = aSeries({ host: 'known' });
    const someNew = new SeriesGuard({
      clock: new ManualClock(),
      newSeries: async (given) => new Set([...given].filter((series) => series !== known)),
      limits: { perRequest: 0, perKey: 100, perKeyAndMinute: 1 },
    });
    const { receipt, tried, holdUp } = aReceipt([], undefined, someNew);
    const events = Array.from({ length: 100 }, () => [anEvent({ series: known }), ...ofHosts(1)]).flat();
    const goOn = holdUp();
    const taken = receipt.takeNumbered({ producer: 'p', epoch: 4, firstSeq: 1, events }, sender);
    await turns();
    expect(tried).toHaveLength(40);
    goOn();
    expect((await taken).refused).toHaveLength(200);
    expect(tried.map(({ firstSeq }) => firstSeq)).toEqual(Array.from({ length: 100 }, (_, n) => 1 + 2 * n));
  });

  it('leave gaps in the numbers of those that have some, and nothing is asked of the log where all are refused', async () => {
    const { receipt, tried } = aReceipt([], undefined, guard(2));
    const batch = { producer: 'p', epoch: 4, firstSeq: 11 };
    const answer = await receipt.takeNumbered({ ...batch, events: ofHosts(1, 2, 3, 1, 4, 2) }, sender);
    expect(tried.map(({ firstSeq, events, epoch }) => [epoch, firstSeq, events.length])).toEqual([
      [4, 11, 2],
      [4, 14, 1],
      [4, 16, 1],
    ]);
    expect(answer.refused.map(({ index, code }) => `${index} ${code}`)).toEqual([
      '0 series_limit',
      '2 series_request_limit',
      '3 series_limit',
      '4 series_request_limit',
      '5 series_limit',
    ]);
    const none = aReceipt([], undefined, guard(0));
    expect(await none.receipt.takeNumbered({ ...batch, events: ofHosts(1) }, sender)).toMatchObject({ stored: 0 });
    expect(none.tried).toEqual([]);
  });
});
