/**
 * A buffer on a disk that is full: `node full-disk-child.ts <folder on a small file system>`. Fills the disk, puts events
 * in, frees the disk, and prints what the buffer says at each step.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { anEvent } from '../../../model/test/makers.ts';
import { DiskQueue } from '../../src/disk-queue.ts';

const [folder = ''] = process.argv.slice(2);
const clock = systemClock;
const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const open = (epoch: number) =>
  DiskQueue.open({ folder: join(folder, 'queue'), limitBytes: 1024 * 1024, memoryEvents: 1000, epoch, clock, logger });
const queue = await open(1);

async function add(from: number, to: number): Promise<void> {
  for (let value = from; value < to; value++) {
    const synced = new Promise<void>((done) => {
      const forget = queue.onReady(() => {
        forget();
        done();
      });
    });
    queue.add(anEvent({ values: [value] }));
    await synced;
  }
}

await add(0, 3);
console.log(`roomy ${queue.waiting} ${queue.diskError === null}`);
const filler = join(folder, 'filler');
try {
  for (let count = 1; ; count++) writeFileSync(filler, Buffer.alloc(count * 4096));
} catch (error) {
  console.log(`filled ${(error as NodeJS.ErrnoException).code}`);
}
// Until the last block of the file that is being written is full too.
let added = 3;
for (; queue.diskError === null; added++) await add(added, added + 1);
await add(added, added + 5);
console.log(`full ${queue.waiting === added + 5} ${queue.diskError?.includes('ENOSPC')} ${queue.dropped}`);
rmSync(filler);
for (added += 5; queue.diskError !== null; added++) await add(added, added + 1);
console.log(`freed ${queue.waiting === added} ${queue.dropped}`);
await queue.close();

const next = await open(2);
const values: (number | null | undefined)[] = [];
for (let batch = await next.next(1000); batch !== undefined; batch = await next.next(1000)) {
  values.push(...batch.events.map((event) => event.values[0]));
  await next.acknowledge(batch);
}
console.log(`kept ${values.length === added && values.every((value, index) => value === index)} ${next.quarantined}`);
await next.close();
