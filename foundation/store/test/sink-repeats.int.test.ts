import type { LoggedEvent } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestLog } from '../../../flow/processor/test/log-on-test-database.ts';
import { anEvent, aSeries } from '../../model/test/makers.ts';
import { countRepeats } from '../src/index.ts';

let log: Awaited<ReturnType<typeof openTestLog>>;
beforeEach(async () => {
  log = await openTestLog(1);
});
afterEach(() => log.close());

const nowUs = Date.now() * 1000;
const read = async () => (await log.eventLog.read(0, { offset: 0, receivedUs: 0 }, 1000)).events;
/** Repeats of all events, counted in batches of so many. */
const counted = async (events: readonly LoggedEvent[], size: number) => {
  const counts: number[] = [];
  for (let start = 0; start < events.length; start += size)
    counts.push(...(await countRepeats(log.store.db, events.slice(start, start + size))));
  return counts;
};

describe('Events of the same series and instant', () => {
  it('are numbered in the order of the log, however it is cut into batches', async () => {
    const other = aSeries({ zone: 'fra' });
    await log.append('a', [
      anEvent({ timeUs: nowUs }),
      anEvent({ timeUs: nowUs, series: other }),
      anEvent({ timeUs: nowUs }),
      anEvent({ timeUs: nowUs, timeNs: 1 }),
      anEvent({ timeUs: nowUs + 1 }),
    ]);
    await log.append('b', [anEvent({ timeUs: nowUs }), anEvent({ timeUs: nowUs, series: other })]);
    const events = await read();
    const wanted = [0, 0, 1, 0, 0, 2, 1];
    for (const size of [1, 2, 3, 7]) expect(await counted(events, size), `batches of ${size}`).toEqual(wanted);
  });

  it('are numbered also when they lie long ago, or in the future by a clock that is far ahead', async () => {
    const old = anEvent({ timeUs: nowUs - 90 * 86_400_000_000 });
    const ahead = anEvent({ timeUs: nowUs + 400 * 86_400_000_000 });
    await log.append('a', [old, ahead]);
    await log.append('b', [ahead, old]);
    expect(await counted(await read(), 1)).toEqual([0, 0, 1, 1]);
  });
});
