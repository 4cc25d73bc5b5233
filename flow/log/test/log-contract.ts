import { systemClock } from '@watchkeeper/kit';
import { type EventLog, type LoggedEvent, type NewEvent, partOfBatch } from '@watchkeeper/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anEvent, aSeries } from '../../../foundation/model/test/makers.ts';
import type { OpenedLog } from '../src/index.ts';

/** Everything in the log, in order of partition and offset. */
export async function readAll(log: EventLog, sliceEvents = 1000): Promise<LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for (let partition = 0; partition < log.partitionCount; partition++) {
    let at = { offset: 0, receivedUs: 0 };
    for (;;) {
      const { events } = await log.read(partition, at, sliceEvents);
      const last = events.at(-1);
      if (last === undefined) break;
      all.push(...events);
      at = { offset: last.offset, receivedUs: last.receivedUs };
    }
  }
  return all;
}

/** Limit that the log under test is opened with. */
export const seriesPerTenant = 100;

export interface LogUnderTest {
  /** The log that tests append to. */
  readonly log: OpenedLog;
  /** A second one on the same storage, as another process would have it. */
  readonly other: OpenedLog;
  /** Resolves when readers see everything that was appended. */
  settle(): Promise<void>;
  /** What was appended and could not be stored, where the answer to the append did not tell: reasons. */
  refusals(): Promise<readonly string[]>;
  /** False where an append is answered before anybody knows whether its events are new. */
  readonly tellsWhatIsNew: boolean;
  close(): Promise<void>;
}

/** What every log driver promises. */
export function describeLogContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`event log: ${name}`, () => {
    let under: LogUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const values = (events: readonly LoggedEvent[]) => events.map((event) => event.values[0]);
    const many = (count: number, from = 0): NewEvent[] =>
      Array.from({ length: count }, (_, index) => anEvent({ values: [from + index] }));
    const ofProducer = async (log: EventLog, series: string) => {
      await under.settle();
      return (await readAll(log)).filter((event) => event.series.source === series);
    };
    const aSource = () => crypto.randomUUID();

    it('gives back what was appended, in order, with every field', async () => {
      const { log, other } = under;
      const source = aSource();
      const series = aSeries({
        source,
        attributes: { status: '503', weird: 'tab\t quote" nul\0 half\ud800' },
        valueNames: ['durationMs', 'sizeBytes'],
      });
      const event: NewEvent = {
        series,
        timeUs: 1_763_700_000_123_456,
        timeNs: 789,
        outcome: 'failed',
        reason: 'connect_refused',
        values: [1.5, null],
        detail: { message: 'nul\0 inside', 'back\\u0000slash': '\\\u0000' },
      };
      const { epoch } = await log.openProducer(`fields-${source}`);
      expect(await log.append({ producer: `fields-${source}`, epoch, firstSeq: 1, events: [event] })).toEqual({
        stored: 1,
        alreadyStored: 0,
        refused: [],
      });
      for (const reader of [log, other]) {
        const [read] = await ofProducer(reader, source);
        expect(read).toMatchObject({
          timeUs: event.timeUs,
          timeNs: 789,
          outcome: 'failed',
          reason: 'connect_refused',
          values: [1.5, null],
          seq: 1,
          epoch,
        });
        expect(read?.series.attributes.status).toBe('503');
      }
      const [stored] = await ofProducer(other, source);
      expect(stored?.detail).toEqual({ message: 'nul\ufffd inside', 'back\\u0000slash': '\\\ufffd' });
    });

    it('numbers the offsets of a partition without a gap, whoever appends', async () => {
      const { log, other } = under;
      const producers = Array.from({ length: 8 }, () => aSource());
      await Promise.all(
        producers.map(async (source, index) => {
          const writer = index % 2 === 0 ? log : other;
          const { epoch } = await writer.openProducer(source);
          for (let batch = 0; batch < 5; batch++) {
            const events = many(7, batch * 7).map((event) => ({ ...event, series: aSeries({ source }) }));
            await writer.append({ producer: source, epoch, firstSeq: 1 + batch * 7, events });
          }
        }),
      );
      await under.settle();
      const all = await readAll(other);
      for (const [partition, end] of (await other.ends()).entries()) {
        const offsets = all.filter((event) => event.partition === partition).map((event) => event.offset);
        expect(offsets).toEqual(Array.from({ length: end.offset }, (_, index) => index + 1));
      }
      for (const source of producers)
        expect(values(await ofProducer(other, source))).toEqual(Array.from({ length: 35 }, (_, index) => index));
    });

    it('lets a reader that is far behind catch up, slice by slice', async () => {
      const { log, other } = under;
      const source = aSource();
      const { epoch } = await log.openProducer(source);
      const events = many(300).map((event) => ({ ...event, series: aSeries({ source }) }));
      for (let start = 0; start < 300; start += 30)
        await log.append({ producer: source, epoch, firstSeq: 1 + start, events: events.slice(start, start + 30) });
      await under.settle();
      const seen = (await readAll(other, 5)).filter((event) => event.series.source === source);
      expect(values(seen)).toEqual(Array.from({ length: 300 }, (_, index) => index));
    });

    it('never lets arrival fall within a partition', async () => {
      const all = await readAll(under.other);
      for (let index = 1; index < all.length; index++) {
        const [before, after] = [all[index - 1], all[index]];
        if (before?.partition === after?.partition)
          expect(after?.receivedUs).toBeGreaterThanOrEqual(before?.receivedUs ?? 0);
      }
    });

    it('refuses as already stored what is not newer, and stores the rest of the batch', async () => {
      const { log, other } = under;
      const source = aSource();
      const { epoch } = await log.openProducer(source);
      const events = many(10).map((event) => ({ ...event, series: aSeries({ source }) }));
      await log.append({ producer: source, epoch, firstSeq: 1, events: events.slice(0, 6) });
      const again = await log.append({ producer: source, epoch, firstSeq: 1, events });
      const third = await log.append({ producer: source, epoch, firstSeq: 1, events });
      if (under.tellsWhatIsNew) {
        expect(again).toEqual({ stored: 4, alreadyStored: 6, refused: [] });
        expect(third).toEqual({ stored: 0, alreadyStored: 10, refused: [] });
      }
      expect(values(await ofProducer(other, source))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('stores a batch once when it is sent twice at the same moment to two processes', async () => {
      const { log, other } = under;
      const source = aSource();
      const { epoch } = await log.openProducer(source);
      const batch = {
        producer: source,
        epoch,
        firstSeq: 1,
        events: many(20).map((event) => ({ ...event, series: aSeries({ source }) })),
      };
      const results = await Promise.all([log.append(batch), other.append(batch)]);
      if (under.tellsWhatIsNew) expect(results.map((result) => result.stored).sort((a, b) => a - b)).toEqual([0, 20]);
      expect(await ofProducer(other, source)).toHaveLength(20);
    });

    it('fences an older start of a producer', async () => {
      const { log, other } = under;
      const source = aSource();
      const older = await log.openProducer(source);
      const newer = await other.openProducer(source);
      const events = many(1).map((event) => ({ ...event, series: aSeries({ source }) }));
      await other.append({ producer: source, epoch: newer.epoch, firstSeq: 1, events });
      await under.settle();
      const answer = await log.append({ producer: source, epoch: older.epoch, firstSeq: 1, events }).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      );
      expect(await ofProducer(other, source)).toHaveLength(1);
      if (under.tellsWhatIsNew) expect(answer).toBe('epoch_fenced');
      else expect(await under.refusals()).toContain('epoch_fenced');
    });

    it('stores one result per check slot and attempt, whichever producer sent it', async () => {
      const { log, other } = under;
      const source = aSource();
      const slot = { monitorId: source, zone: 'local', slotMs: 1_763_700_030_000, attempt: 1 };
      const event = anEvent({ series: aSeries({ source }), slot });
      const senders = await Promise.all(
        [log, other].map(async (sender, index) => ({
          sender,
          producer: `${source}-${index}`,
          epoch: (await sender.openProducer(`${source}-${index}`)).epoch,
        })),
      );
      const results = await Promise.all(
        senders.map(({ sender, producer, epoch }) =>
          sender.append({
            producer,
            epoch,
            firstSeq: 1,
            events: [event, { ...event, slot: { ...slot, attempt: 2 } }, event],
          }),
        ),
      );
      if (under.tellsWhatIsNew) expect(results.reduce((sum, result) => sum + result.stored, 0)).toBe(2);
      expect(await ofProducer(other, source)).toHaveLength(2);
    });

    it('keeps the slots of one tenant from another', async () => {
      const { log, other } = under;
      const source = aSource();
      const slot = { monitorId: source, zone: 'local', slotMs: 1_763_700_030_000, attempt: 1 };
      for (const tenant of ['stranger', 'default']) {
        const producer = `${source}-${tenant}`;
        const { epoch } = await log.openProducer(producer);
        const events = [anEvent({ series: aSeries({ source, tenant }), slot })];
        await log.append({ producer, epoch, firstSeq: 1, events });
        await under.settle();
      }
      expect((await ofProducer(other, source)).map(({ series }) => series.tenant).sort()).toEqual([
        'default',
        'stranger',
      ]);
    });

    it('shows readers what it could store: text and values that the database cannot hold are replaced', async () => {
      const { log, other } = under;
      const source = aSource();
      const series = aSeries({ source, service: 'a\0b', attributes: { 'k\ud800': 'v\0' } });
      const { epoch } = await log.openProducer(source);
      const events = [
        anEvent({ series, outcome: 'failed', reason: 'x\0y', values: [1.7e308], detail: { message: 'm\ud83d\0' } }),
        anEvent({ series: aSeries({ source }), values: [7] }),
      ];
      await log.append({ producer: source, epoch, firstSeq: 1, events });
      // From memory, and from the database.
      for (const reader of [log, other]) {
        const [dirty, clean] = await ofProducer(reader, source);
        expect(dirty?.series).toMatchObject({ service: 'a\ufffdb', attributes: { 'k\ufffd': 'v\ufffd' } });
        expect(dirty).toMatchObject({ reason: 'x\ufffdy', values: [null], detail: { message: 'm\ufffd\ufffd' } });
        expect(clean?.values).toEqual([7]);
      }
    });

    it('stores a delivery once within its time, whichever producer and process it comes through', async () => {
      const { log, other, tellsWhatIsNew } = under;
      const source = aSource();
      const events = many(3).map((event) => ({ ...event, series: aSeries({ source }) }));
      const delivery = { id: `body ${source}`, withinMs: 60_000 };
      const send = async (to: EventLog, named: { readonly id: string; readonly withinMs: number }) => {
        const producer = crypto.randomUUID();
        const { epoch } = await to.openProducer(producer);
        return to.append({ producer, epoch, firstSeq: 1, events, delivery: named });
      };
      const answers = await Promise.all([log, other, log, other].map((to) => send(to, delivery)));
      if (tellsWhatIsNew) expect(answers.map(({ stored }) => stored).sort()).toEqual([0, 0, 0, 3]);
      expect(values(await ofProducer(log, source))).toEqual([0, 1, 2]);
      // Another one is another one, and after its time a name is free again.
      await send(log, { id: `${delivery.id} again`, withinMs: 1 });
      await under.settle();
      await systemClock.pause(5);
      await send(other, { id: `${delivery.id} again`, withinMs: 60_000 });
      expect(await ofProducer(log, source)).toHaveLength(9);
    });

    it('stores the parts of a delivery that are missing', async () => {
      const { log, other } = under;
      const source = aSource();
      const events = many(10).map((event) => ({ ...event, series: aSeries({ source }) }));
      const delivery = { id: `body ${source}`, withinMs: 60_000 };
      const batchOf = async (to: EventLog) => {
        const producer = crypto.randomUUID();
        return { producer, ...(await to.openProducer(producer)), firstSeq: 1, events, delivery };
      };
      await log.append(partOfBatch(await batchOf(log), 4, 10));
      const again = await batchOf(other);
      for (const [start, end] of [
        [0, 4],
        [4, 10],
      ] as const)
        await other.append(partOfBatch(again, start, end));
      expect(values(await ofProducer(log, source)).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('lets a bad batch fail alone', async () => {
      const { log } = under;
      const [good, bad] = [aSource(), aSource()];
      const goodEpoch = (await log.openProducer(good)).epoch;
      const badEpoch = (await log.openProducer(bad)).epoch;
      const events = many(3).map((event) => ({ ...event, series: aSeries({ source: good }) }));
      // Outside what a timestamp can hold in the store, but a valid integer.
      const results = await Promise.allSettled([
        log.append({ producer: good, epoch: goodEpoch, firstSeq: 1, events }),
        log.append({
          producer: bad,
          epoch: badEpoch,
          firstSeq: 1,
          events: [anEvent({ slot: { monitorId: 'no uuid', zone: 'z', slotMs: 1, attempt: 1 } })],
        }),
      ]);
      expect(await ofProducer(log, good)).toHaveLength(3);
      if (under.tellsWhatIsNew) expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
      else expect(await under.refusals()).toContain('validation_failed');
    });

    it('wakes a waiting reader in another process', async () => {
      const { log, other } = under;
      const source = aSource();
      const { epoch } = await log.openProducer(source);
      const startedMs = performance.now();
      const woken = other.waitForAppend(10_000, new AbortController().signal);
      await log.append({ producer: source, epoch, firstSeq: 1, events: many(1) });
      await under.settle();
      await woken;
      expect(performance.now() - startedMs).toBeLessThan(5000);
    });

    it('tells which series were never stored, whichever process has stored the others', async () => {
      const { log, other } = under;
      const source = aSource();
      const series = ['a', 'b', 'a\0'].map((host) => aSeries({ source, host }));
      expect(await log.newSeries(new Set(series))).toEqual(new Set(series));
      const { epoch } = await log.openProducer(source);
      const events = series.filter((_one, at) => at !== 1).map((one) => anEvent({ series: one }));
      await log.append({ producer: source, epoch, firstSeq: 1, events });
      await under.settle();
      for (const asked of [log, other]) {
        const equal = series.map((one) => ({ ...one }));
        expect(await asked.newSeries(new Set([...series, ...equal]))).toEqual(new Set([series[1], equal[1]]));
      }
    });

    it('refuses new series beyond the limit of a tenant and stores the others', async () => {
      const { log } = under;
      const source = aSource();
      const tenant = `limited-${source.slice(0, 8)}`;
      const { epoch } = await log.openProducer(source);
      const count = seriesPerTenant + 5;
      const events = Array.from({ length: count }, (_, index) =>
        anEvent({ series: aSeries({ tenant, source, attributes: { n: String(index) } }) }),
      );
      const result = await log.append({ producer: source, epoch, firstSeq: 1, events });
      const stored = (await ofProducer(log, source)).map((event) => event.series.attributes.n ?? '');
      expect(stored).toHaveLength(seriesPerTenant);
      if (!under.tellsWhatIsNew) {
        expect((await under.refusals()).filter((reason) => reason === 'series_limit')).toHaveLength(5);
        return;
      }
      expect(result).toMatchObject({ stored: seriesPerTenant, alreadyStored: 0 });
      expect(result.refused.map(({ code }) => code)).toEqual(new Array(5).fill('series_limit'));
      const refused = new Set(result.refused.map(({ index }) => String(index)));
      expect(stored.filter((n) => refused.has(n))).toEqual([]);
    });
  });
}
