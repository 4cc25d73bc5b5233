import { createLogger } from '@watchkeeper/kit';
import { type EventBatch, type EventLog, WatchkeeperError } from '@watchkeeper/model';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../foundation/kit/test/manual-clock.ts';
import { anEvent } from '../../../foundation/model/test/makers.ts';
import { EventSender } from './event-sender.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn++) await new Promise((done) => setImmediate(done));
};

/** A log at the border of the process, which is away as often as a test says. */
function aLog() {
  const batches: EventBatch[] = [];
  const away: WatchkeeperError[] = [];
  const log = {
    openProducer: async () => ({ epoch: 1 }),
    append: async (batch: EventBatch) => {
      const error = away.shift();
      if (error !== undefined) throw error;
      batches.push(batch);
      return { stored: batch.events.length, alreadyStored: 0, refused: [] };
    },
  } as unknown as EventLog;
  return { log, batches, away };
}

describe('What brings events into the log', () => {
  it('sends them in order, and the same batch again with the same numbers when its fate is unknown', async () => {
    const { log, batches, away } = aLog();
    const clock = new ManualClock();
    away.push(
      new WatchkeeperError('database_unavailable', 'away'),
      new WatchkeeperError('database_unavailable', 'away'),
    );
    const sender = new EventSender({ eventLog: log, clock, logger, producer: 'p', bufferEvents: 100 });
    for (let n = 0; n < 5; n++) sender.add(anEvent({ values: [n] }));
    for (let attempt = 0; attempt < 5; attempt++) {
      await turns();
      clock.advance(60_000);
    }
    await turns();
    expect(batches.flatMap(({ events }) => events.map(({ values }) => values[0]))).toEqual([0, 1, 2, 3, 4]);
    expect(batches[0]?.firstSeq).toBe(1);
    const seqs = batches.flatMap(({ firstSeq, events }) => events.map((_, index) => firstSeq + index));
    expect(seqs).toEqual([1, 2, 3, 4, 5]);
    expect([sender.waiting, sender.dropped]).toEqual([0, 0]);
  });

  it('keeps only so many while the log is away, drops the oldest and counts them', async () => {
    const { log, batches, away } = aLog();
    const clock = new ManualClock();
    for (let n = 0; n < 3; n++) away.push(new WatchkeeperError('database_unavailable', 'away'));
    const sender = new EventSender({ eventLog: log, clock, logger, producer: 'p', bufferEvents: 10 });
    sender.add(anEvent({ values: [-1] }));
    await turns();
    for (let n = 0; n < 25; n++) sender.add(anEvent({ values: [n] }));
    expect(sender.dropped).toBe(15);
    for (let attempt = 0; attempt < 8; attempt++) {
      await turns();
      clock.advance(60_000);
    }
    await turns();
    const stored = batches.flatMap(({ events }) => events.map(({ values }) => values[0]));
    expect(stored).toEqual([-1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
  });

  it('says when it has room again, and counts what the log refused for good', async () => {
    const { log, batches, away } = aLog();
    const clock = new ManualClock();
    away.push(new WatchkeeperError('database_unavailable', 'away'));
    const refusing = {
      ...log,
      append: async (batch: EventBatch) => {
        const answer = await log.append(batch);
        return { ...answer, stored: answer.stored - 1, refused: [{ index: 0, code: 'series_limit' as const }] };
      },
    };
    const sender = new EventSender({ eventLog: refusing, clock, logger, producer: 'p', bufferEvents: 10 });
    sender.add(anEvent({ values: [0] }));
    await turns();
    for (let n = 1; n < 6; n++) sender.add(anEvent({ values: [n] }));
    expect(sender.hasRoom).toBe(false);
    let isTold = false;
    const room = sender.room().then(() => {
      isTold = true;
    });
    await turns();
    expect(isTold).toBe(false);
    clock.advance(60_000);
    await room;
    await turns();
    expect(batches.flatMap(({ events }) => events).length).toBe(6);
    expect([sender.sent, sender.refused, sender.dropped, sender.waiting]).toEqual([4, 2, 0, 0]);
  });
});
