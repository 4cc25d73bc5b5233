/**
 * A buffer that starts for the first time on a disk that is full: `node full-start-child.ts <folder on a small file
 * system>`. Puts events in while the server is away, frees the disk, ends, and starts again when the server is there.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { type EventBatch, WatchkeeperError } from '@watchkeeper/model';
import { anEvent } from '../../../model/test/makers.ts';
import { BufferedOutlet } from '../../src/buffered-outlet.ts';

const [folder = ''] = process.argv.slice(2);
let offsetMs = 0;
const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs };
const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
const names = new Set<string>();
const stored: unknown[] = [];
let isAway = true;
const send = async ({ producer, events }: EventBatch) => {
  names.add(producer.split('/')[0] ?? '');
  if (isAway) throw new WatchkeeperError('server_unreachable', 'away');
  stored.push(...events.map(({ values }) => values[0]));
  return { refused: [] };
};
const open = () =>
  BufferedOutlet.open({
    ...{ folder: join(folder, 'buffer'), limitBytes: 1024 * 1024, memoryEvents: 1000, clock, logger, send },
  });
async function until(look: () => boolean): Promise<void> {
  for (const deadlineMs = clock.nowMs() + 20_000; !look(); await clock.pause(10))
    if (clock.nowMs() > deadlineMs) throw new Error(`waited 20 s for ${look}`);
}

const filler = join(folder, 'filler');
try {
  for (let count = 1; ; count++) writeFileSync(filler, Buffer.alloc(count * 4096));
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
}
const outlet = await open();
for (let value = 0; value < 3; value++) outlet.add(anEvent({ values: [value] }));
await until(() => outlet.waiting === 3 && outlet.figures().diskError !== null && names.size > 0);
console.log(`started ${outlet.waiting} ${outlet.figures().diskError?.includes('ENOSPC')}`);
rmSync(filler);
// The disk is tried again after five seconds.
offsetMs = 6000;
outlet.add(anEvent({ values: [3] }));
await outlet.close(0);
console.log(`freed ${outlet.waiting} ${outlet.dropped}`);

isAway = false;
const next = await open();
await until(() => next.waiting === 0);
await next.close(0);
console.log(`sent ${stored.sort().join()} by ${names.size}`);
