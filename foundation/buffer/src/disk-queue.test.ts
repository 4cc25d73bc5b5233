import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../kit/test/manual-clock.ts';
import { anEvent } from '../../model/test/makers.ts';
import { DiskQueue, type DiskQueueOptions, type QueuedBatch } from './disk-queue.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
let folder = '';
const open: DiskQueue[] = [];
const abandoned: DiskQueue[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wk-queue-'));
});
afterEach(async () => {
  for (const queue of [...open.splice(0), ...abandoned.splice(0)]) await queue.close();
  rmSync(folder, { recursive: true, force: true });
});

async function openQueue(over: Partial<DiskQueueOptions> = {}): Promise<DiskQueue> {
  const common = { folder, limitBytes: 4 * 1024 * 1024, memoryEvents: 1000, clock: systemClock, logger };
  const queue = await DiskQueue.open({ ...common, epoch: 1, ...over });
  open.push(queue);
  return queue;
}

/** The process ends without a word: nothing more is written while the test lasts. */
const abandon = () => abandoned.push(...open.splice(0));

function add(queue: DiskQueue, ...values: number[]): void {
  for (const value of values) queue.add(anEvent({ values: [value] }));
}

async function nextOf(queue: DiskQueue, limit = 1000): Promise<QueuedBatch> {
  const deadlineMs = performance.now() + 5000;
  for (;;) {
    const batch = await queue.next(limit);
    if (batch !== undefined) return batch;
    if (performance.now() > deadlineMs) throw new Error('waited 5 s for a batch');
    await systemClock.pause(5);
  }
}

const valuesOf = ({ events }: QueuedBatch) => events.map(({ values }) => values[0]);
const identities = ({ epoch, firstSeq, events }: QueuedBatch) =>
  events.map(({ values }, index) => [epoch, firstSeq + index, values[0]]);
/** Puts each in with a sync of its own, so that each is a record. */
async function addOneByOne(queue: DiskQueue, ...values: number[]): Promise<void> {
  for (const value of values) {
    const synced = new Promise<void>((done) => {
      const forget = queue.onReady(() => {
        forget();
        done();
      });
    });
    add(queue, value);
    await synced;
  }
}
const segments = () => readdirSync(folder).filter((name) => name.endsWith('.segment'));
const pathOf = (name: string | undefined) => join(folder, name ?? '');

describe('The queue on disk', () => {
  it('gives out in order what was put in, until it is acknowledged', async () => {
    const queue = await openQueue();
    add(queue, 1, 2, 3);
    const batch = await nextOf(queue);
    expect(identities(batch)).toEqual([
      [1, 1, 1],
      [1, 2, 2],
      [1, 3, 3],
    ]);
    expect(batch.events[0]).toEqual(anEvent({ values: [1] }));
    expect([queue.waiting, identities(await nextOf(queue))]).toEqual([3, identities(batch)]);
    await queue.acknowledge(batch);
    expect([queue.waiting, await queue.next(10)]).toEqual([0, undefined]);
  });

  it('keeps the identity of each event over a start, and numbers new ones under the epoch of theirs', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3);
    await first.acknowledge(await nextOf(first, 1));
    await first.close();
    abandon();
    const second = await openQueue({ epoch: 7 });
    expect(second.waiting).toBe(2);
    add(second, 4);
    const old = await nextOf(second);
    expect(identities(old)).toEqual([
      [1, 2, 2],
      [1, 3, 3],
    ]);
    await second.acknowledge(old);
    expect(identities(await nextOf(second))).toEqual([[7, 1, 4]]);
  });

  it('gives out again, under the same identity, what was not known to be acknowledged when the process was killed', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3);
    // The position is written with the first and not again within seconds.
    for (let count = 0; count < 3; count++) await first.acknowledge(await nextOf(first, 1));
    expect(first.waiting).toBe(0);
    abandon();
    const second = await openQueue({ epoch: 2 });
    expect(identities(await nextOf(second))).toEqual([
      [1, 2, 2],
      [1, 3, 3],
    ]);
  });

  it('opens with a torn record at the end, and puts it aside', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3);
    abandon();
    const [name] = segments();
    const bytes = readFileSync(pathOf(name));
    writeFileSync(pathOf(name), bytes.subarray(0, bytes.length - 5));
    const second = await openQueue({ epoch: 2 });
    expect([second.waiting, second.quarantined]).toEqual([2, 1]);
    expect(valuesOf(await nextOf(second))).toEqual([1, 2]);
    expect(readdirSync(folder).filter((file) => file.startsWith('damaged-'))).toHaveLength(1);
  });

  it('loses only the record whose bytes were changed, and counts it', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3, 4);
    abandon();
    const [name] = segments();
    const bytes = readFileSync(pathOf(name));
    const second = bytes.indexOf('WKe1', 1);
    bytes[second + 40] = (bytes[second + 40] as number) ^ 1;
    writeFileSync(pathOf(name), bytes);
    const queue = await openQueue({ epoch: 2 });
    expect([queue.waiting, queue.quarantined]).toEqual([3, 1]);
    const before = await nextOf(queue);
    expect(identities(before)).toEqual([[1, 1, 1]]);
    await queue.acknowledge(before);
    expect(identities(await nextOf(queue))).toEqual([
      [1, 3, 3],
      [1, 4, 4],
    ]);
  });

  it('opens on bytes of any kind, and loses no record that is whole', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2);
    abandon();
    const [name] = segments();
    const bytes = readFileSync(pathOf(name));
    const noise = Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * 7919) % 251));
    writeFileSync(
      pathOf(name),
      Buffer.concat([noise, bytes, Buffer.from('WKe1\xff\xff\xff\xff', 'latin1'), noise, bytes]),
    );
    writeFileSync(join(folder, 'position.json'), '{"segment"');
    const queue = await openQueue({ epoch: 2 });
    expect([queue.waiting, queue.quarantined]).toEqual([4, 3]);
    expect(valuesOf(await nextOf(queue))).toEqual([1, 2]);
  });

  it.each([
    ['beyond the newest segment', { segment: 999_999, bytes: 0 }],
    ['beyond the end of its segment', { segment: 2, bytes: 999_999 }],
    ['in the middle of a record', { segment: 2, bytes: 7 }],
    ['before everything', { segment: -1, bytes: 0 }],
  ])('sends again what is there when its position is %s, and says so', async (_place, position) => {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream;
    const segmentBytes = 1;
    const first = await openQueue({ segmentBytes });
    await addOneByOne(first, 1, 2, 3);
    await first.acknowledge(await nextOf(first, 1));
    abandon();
    expect(segments()).toHaveLength(2);
    writeFileSync(join(folder, 'position.json'), JSON.stringify(position));
    const second = await openQueue({
      ...{ epoch: 2, segmentBytes },
      logger: createLogger({ level: 'error', format: 'json', destination }),
    });
    expect([second.waiting, second.quarantined, lines.length]).toEqual([2, 1, 1]);
    expect(lines[0]).toContain('what is there is sent again');
    expect(identities(await nextOf(second))).toEqual([[1, 2, 2]]);
    expect(readdirSync(folder)).toContain('position.json.bad');
  });

  it('sends again what is there when a digit of its position was changed', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3);
    await first.acknowledge(await nextOf(first, 1));
    await first.close();
    abandon();
    const file = join(folder, 'position.json');
    const { segment, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ segment: segment + 1, ...rest, bytes: 0 }));
    const second = await openQueue({ epoch: 2 });
    expect([second.waiting, second.quarantined]).toEqual([3, 1]);
  });

  it('takes a position of the first release, which had no checksum', async () => {
    const first = await openQueue();
    await addOneByOne(first, 1, 2, 3);
    await first.acknowledge(await nextOf(first, 1));
    await first.close();
    abandon();
    const file = join(folder, 'position.json');
    const { crc: _crc, ...position } = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify(position));
    const second = await openQueue({ epoch: 2 });
    expect([second.waiting, second.quarantined]).toEqual([2, 0]);
  });

  it('drops the oldest when there is no room, and says how many', async () => {
    const queue = await openQueue({ limitBytes: 64 * 1024 });
    const wide = (value: number) =>
      anEvent({ values: [value], detail: { noise: crypto.getRandomValues(new Uint8Array(900)).toString() } });
    const count = 400;
    for (let value = 0; value < count; value++) {
      queue.add(wide(value));
      if (value % 10 === 9) await systemClock.pause(0);
    }
    await queue.close();
    open.length = 0;
    expect(queue.bytes).toBeLessThanOrEqual(64 * 1024);
    expect(queue.dropped).toBeGreaterThan(0);
    const next = await openQueue({ limitBytes: 64 * 1024, epoch: 2 });
    const kept: number[] = [];
    while (next.waiting > 0) {
      const batch = await nextOf(next);
      kept.push(...valuesOf(batch).map(Number));
      await next.acknowledge(batch);
    }
    expect(kept).toEqual(Array.from({ length: count - queue.dropped }, (_, index) => queue.dropped + index));
  });

  it('hands out no more at once than a server takes, and drops an event that alone is too large', async () => {
    const queue = await openQueue({ limitBytes: 64 * 1024 * 1024 });
    const wide = (value: number, length: number) => anEvent({ values: [value], detail: { text: 'ä'.repeat(length) } });
    for (let value = 0; value < 20; value++) queue.add(wide(value, 300_000));
    queue.add(wide(20, 3_000_000));
    queue.add(wide(21, 1));
    const seen: number[] = [];
    while (seen.at(-1) !== 21) {
      const batch = await nextOf(queue);
      expect(Buffer.byteLength(JSON.stringify(batch.events))).toBeLessThan(3_500_000);
      seen.push(...valuesOf(batch).map(Number));
      await queue.acknowledge(batch);
    }
    expect([seen.length, queue.dropped, queue.waiting]).toEqual([21, 1, 0]);
  });

  it('deletes what is acknowledged, so that the room is free again', async () => {
    const queue = await openQueue({ limitBytes: 256 * 1024 });
    for (let round = 0; round < 20; round++) {
      for (let value = 0; value < 200; value++)
        queue.add(anEvent({ values: [value], detail: { noise: crypto.randomUUID() } }));
      for (let left = 200; left > 0; ) {
        const batch = await nextOf(queue);
        left -= batch.events.length;
        await queue.acknowledge(batch);
      }
    }
    expect([queue.dropped, queue.waiting]).toEqual([0, 0]);
    expect(segments().length).toBeLessThanOrEqual(2);
  });
});

describe('A disk that takes nothing', () => {
  it('is stood in for by memory, and takes what waits as soon as it can', async () => {
    const clock = new ManualClock();
    const queue = await openQueue({ clock });
    const hidden = `${folder}.away`;
    renameSync(folder, hidden);
    const settle = async () => {
      for (let turn = 0; turn < 50; turn++) await systemClock.pause(1);
      clock.advance(60);
    };
    add(queue, 1, 2);
    await settle();
    expect([queue.waiting, queue.diskError === null]).toEqual([2, false]);
    expect(valuesOf(await nextOf(queue))).toEqual([1, 2]);

    renameSync(hidden, folder);
    clock.advance(6000);
    await settle();
    add(queue, 3);
    await settle();
    await settle();
    expect([queue.waiting, queue.diskError]).toEqual([3, null]);
    abandon();
    const after = await openQueue({ epoch: 2 });
    expect(valuesOf(await nextOf(after))).toEqual([1, 2]);
    await after.acknowledge(await nextOf(after));
    expect(identities(await nextOf(after))).toEqual([[1, 3, 3]]);
  });

  it('costs the oldest events beyond what memory may hold, and they are counted', async () => {
    const queue = await openQueue({ memoryEvents: 16 });
    const hidden = `${folder}.away`;
    renameSync(folder, hidden);
    await addOneByOne(queue, ...Array.from({ length: 40 }, (_, value) => value));
    expect(queue.waiting).toBeLessThanOrEqual(16);
    expect(queue.dropped + queue.waiting).toBe(40);
    expect(valuesOf(await nextOf(queue, 1))).toEqual([queue.dropped]);
    renameSync(hidden, folder);
  });
});
