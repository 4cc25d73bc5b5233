/**
 * Producers in a process of their own: `node producers-child.ts <ProducersTask as JSON>`. Each sends numbered events and
 * prints `opened <producer> <epoch>`, `acked <producer> <last seq>` and `failed <producer> <code>`; what was not
 * acknowledged is sent again under the same identity. SIGTERM: nothing new is begun, what is under way is finished.
 */
import { isWatchkeeperError } from '@watchkeeper/model';
import { type LogPlace, openPlace } from './log-place.ts';
import { numberedEvents } from './numbered-event.ts';

export interface ProducersTask {
  readonly place: LogPlace;
  /** Epoch 0: a new start. */
  readonly producers: readonly { readonly name: string; readonly epoch: number; readonly firstSeq: number }[];
  /** Of all producers of this process together. */
  readonly eventsPerSecond: number;
  /** Kills itself at the n-th answer of the log, before or after it is noted. */
  readonly dieAt?: { readonly when: 'before-noted' | 'after-noted'; readonly answer: number };
}

const task = JSON.parse(process.argv[2] ?? '{}') as ProducersTask;
const everyMs = 100;
const perBatch = Math.max(1, Math.round((task.eventsPerSecond / task.producers.length) * (everyMs / 1000)));
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const { eventLog, clock, close } = await openPlace(task.place);
let answers = 0;

/** Asks again until the log answers; tells of each failure. */
async function insist<T>(producer: string, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isWatchkeeperError(error)) throw error;
      console.log(`failed ${producer} ${error.code}`);
      await clock.pause(100);
    }
  }
}

function noteAnswer(line: string): void {
  answers += 1;
  const isDue = task.dieAt !== undefined && answers >= task.dieAt.answer;
  if (isDue && task.dieAt?.when === 'before-noted') process.kill(process.pid, 'SIGKILL');
  console.log(line);
  if (isDue) process.kill(process.pid, 'SIGKILL');
}

await Promise.all(
  task.producers.map(async ({ name, epoch: givenEpoch, firstSeq }) => {
    const epoch = givenEpoch || (await insist(name, () => eventLog.openProducer(name))).epoch;
    console.log(`opened ${name} ${epoch}`);
    for (let seq = firstSeq; !stop.signal.aborted; seq += perBatch) {
      const startedMs = clock.nowMs();
      const batch = { producer: name, epoch, firstSeq: seq, events: numberedEvents(seq, perBatch) };
      await insist(name, () => eventLog.append(batch));
      noteAnswer(`acked ${name} ${seq + perBatch - 1}`);
      await clock.pause(everyMs - (clock.nowMs() - startedMs), stop.signal);
    }
  }),
);
await close();
console.log('done');
