/**
 * An application that emits events and then does what it is told:
 * `node emitting-child.ts <server> <folder> <first value> <count> ends|hangs|hooks`. It prints what it does.
 */
import { setTimeout } from 'node:timers';
import { createEmitter } from '../src/index.ts';

const [server = '', folder = '', first = '0', count = '0', then = 'ends'] = process.argv.slice(2);
const emitter = createEmitter({
  ...{ server, folder, key: 'wk_test', service: 'shop', flushMs: 1000 },
  ...(then === 'hooks' ? { signals: ['SIGTERM' as const] } : {}),
  onProblem: (message) => console.log(`problem ${message}`),
});
for (let value = Number(first); value < Number(first) + Number(count); value++)
  emitter.emit({ name: 'order.placed', values: { amount: value } });
if (then !== 'ends') {
  await emitter.flush();
  console.log(`waiting ${emitter.stats().waiting}`);
  setTimeout(() => console.log('was not ended'), 15_000);
}
