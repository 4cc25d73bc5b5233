/**
 * A processor in a process of its own: `node processor-child.ts <LogPlace as JSON> <holder> <seconds of a lease>`. Prints
 * its stats as JSON whenever they change. SIGTERM drains it. A failpoint comes by WK_FAILPOINT.
 */
import { armFailpoint } from '@watchkeeper/kit';
import { startProcessor } from '../../src/index.ts';
import { type LogPlace, openPlace } from './log-place.ts';

const [placeJson = '{}', holder = '', leaseText = '1'] = process.argv.slice(2);
if (process.env.WK_FAILPOINT) armFailpoint(process.env.WK_FAILPOINT);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const { store, eventLog, messages, clock, logger, close } = await openPlace(JSON.parse(placeJson) as LogPlace);
const processor = startProcessor({
  ...{ store, eventLog, messages, clock, logger, holder },
  openIntake: eventLog.openIntake,
  writeEveryMs: 1200,
  leaseSeconds: Number(leaseText),
});
let said = '';
const say = () => {
  const text = JSON.stringify(processor.stats());
  if (text !== said) console.log(text);
  said = text;
};
while (!stop.signal.aborted) {
  say();
  await clock.pause(100, stop.signal);
}
await processor.drain();
say();
await close();
