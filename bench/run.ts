/** Measures ours and a peer in the same run: `npm run bench`, `npm run bench -- http-checks`, `npm run bench -- --quick`. */
import { cpus } from 'node:os';
import type { Bench } from './bench.ts';

/** One file and one line each. */
const benches: Readonly<Record<string, () => Promise<{ readonly default: Bench }>>> = {
  'catch-up': () => import('./catch-up.ts'),
  'events-stored': () => import('./events-stored.ts'),
  'http-checks': () => import('./http-checks.ts'),
  'kafka-stored': () => import('./kafka-stored.ts'),
  'line-protocol': () => import('./line-protocol.ts'),
  middleware: () => import('./middleware.ts'),
  statsd: () => import('./statsd.ts'),
  'take-over': () => import('./take-over.ts'),
};

const quick = process.argv.includes('--quick');
const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const unknown = wanted.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.\n`);
  process.exit(64);
}
const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

process.stdout.write(`Node.js ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? ''}\n`);
if (quick) process.stdout.write('A quick run shows that the benches work; its figures mean little.\n');
for (const [name, load] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { default: bench } = await load();
  process.stdout.write(`\n${name}: ${bench.summary}\n`);
  const rows = await bench.run({ quick, progress: (text) => process.stderr.write(`  ${text}\n`) });
  for (const { what, ours, peer, peerName, unit, ratio, goal, note } of rows) {
    const verdict = goal === null ? '' : `, goal ${goal}: ${ratio >= goal ? 'met' : 'NOT MET'}`;
    process.stdout.write(
      `  ${what}: ours ${number(ours)}, ${peerName} ${number(peer)} ${unit}; ratio ${ratio.toFixed(2)}${verdict}${note === undefined ? '' : ` (${note})`}\n`,
    );
  }
}
