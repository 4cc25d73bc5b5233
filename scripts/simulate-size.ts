/**
 * What monitors and events cost on this machine, and what a size needs: `npm run simulate`, and for a size of one's own
 * `npm run simulate -- --monitors 20000 --zones 4 --interval 30`. Every role runs in a process of its own on the embedded
 * database, under three loads of each kind; straight lines through them give the costs. Takes about six minutes;
 * `--quick` shows in one that it works. Prints Markdown.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureEvents, measureMonitors } from './simulate/measure-size.ts';
import {
  databaseCores,
  databaseDiskBytes,
  type Line,
  lineThrough,
  measuredRoles,
  planSize,
  roleLine,
  type SizePoint,
  usableCore,
} from './simulate/size-plan.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    monitors: { type: 'string' },
    zones: { type: 'string', default: '1' },
    interval: { type: 'string', default: '60' },
  },
});
const { quick } = values;
/** As in the settings `retention.events` and `retention.minutes` when nothing else is said. */
const keep = { eventDays: 30, minuteDays: 90 };
/** Monitors, zones, seconds. */
const sizes =
  values.monitors === undefined
    ? [
        [1000, 1, 60],
        [10_000, 5, 60],
        [100_000, 10, 60],
        [1_000_000, 50, 60],
        [1_000_000, 50, 10],
      ]
    : [[Number(values.monitors), Number(values.zones), Number(values.interval)]];

const print = (line = '') => process.stdout.write(`${line}\n`);
const options = {
  settleSeconds: quick ? 2 : 10,
  measureSeconds: quick ? 5 : 30,
  progress: (text: string) => process.stderr.write(`  ${text}\n`),
};
/** One, two and four times as much. */
const points = (first: number) => [1, 2, 4].map((times) => times * (quick ? first / 5 : first));

const often = await measureMonitors(points(500), 10_000, options);
const seldom = await measureMonitors(points(1500), 60_000, options);
const events = await measureEvents(points(1000), options);

const table = (head: readonly string[], rows: readonly (readonly string[])[]) => {
  print();
  for (const row of [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows])
    print(`| ${row.join(' | ')} |`);
};
const grouped = (value: number) => Math.round(value).toLocaleString('en').replaceAll(',', ' ');
const figure = (value: number, digits = 3) =>
  value >= 10 ** (digits - 1) ? grouped(value) : value.toPrecision(digits);
const bytes = (value: number) => {
  const step = Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3));
  return `${figure(value / 1000 ** step)} ${['B', 'kB', 'MB', 'GB', 'TB', 'PB'][step]}`;
};
const inMs = (cores: number) => figure(cores * 1000);

print(`Node.js ${process.versions.node}, ${cpus().length} cores, ${cpus()[0]?.model.trim() ?? ''}.`);
if (quick) print('A quick run shows that it works; its figures mean little.');
print('\nMeasured: CPU in milliseconds per second, memory in MiB.');
table(
  [
    'load',
    'events/s',
    ...measuredRoles.map((role) => `${role} CPU`),
    ...measuredRoles.map((role) => `${role} MiB`),
    'WAL/s',
  ],
  [
    ...often.points.map((point) => rowOf(`${point.load} monitors every 10 s`, point)),
    ...seldom.points.map((point) => rowOf(`${point.load} monitors every 60 s`, point)),
    ...events.map((point) => rowOf(`${point.load} events/s by HTTP`, point)),
  ],
);
function rowOf(name: string, { eventsPerSecond, cores, memoryMiB, walBytesPerSecond }: SizePoint): string[] {
  const perRole = [
    ...measuredRoles.map((role) => inMs(cores[role])),
    ...measuredRoles.map((role) => figure(memoryMiB[role])),
  ];
  return [name, figure(eventsPerSecond), ...perRole, bytes(walBytesPerSecond)];
}

print(
  '\nCost: CPU in milliseconds per second that one more of it takes, and MiB. Idle: what stands there without load, by the straight line of that kind of load; plans take the idle of the kind that they are made of.',
);
const kinds = [
  ['1 000 monitors every 10 s', often.points],
  ['1 000 monitors every 60 s', seldom.points],
  ['1 000 events/s by HTTP', events],
] as const;
const perThousand = ({ perUnit }: Line) => perUnit * 1000;
table(
  [
    'one more',
    ...measuredRoles.map((role) => `${role} CPU`),
    'all CPU',
    ...measuredRoles.map((role) => `${role} MiB`),
    'WAL/s',
  ],
  [
    ...kinds.map(([name, of]) => {
      const cores = measuredRoles.map((role) => perThousand(roleLine(of, 'cores', role)));
      const wal = lineThrough(of.map((point) => [point.load, point.walBytesPerSecond]));
      return [
        name,
        ...cores.map(inMs),
        inMs(cores.reduce((sum, value) => sum + value, 0)),
        ...measuredRoles.map((role) => figure(perThousand(roleLine(of, 'memoryMiB', role)), 2)),
        bytes(perThousand(wal)),
      ];
    }),
    ...kinds.map(([name, of]) => idleRow(name.replace(/^1 000 /, 'idle, '), of)),
  ],
);
function idleRow(name: string, points: readonly SizePoint[]): string[] {
  const lines = (of: 'cores' | 'memoryMiB') => measuredRoles.map((role) => roleLine(points, of, role).idle);
  const cores = lines('cores');
  const sum = cores.reduce((total, value) => total + value, 0);
  return [name, ...cores.map(inMs), inMs(sum), ...lines('memoryMiB').map((value) => figure(value)), '–'];
}
const { rowBytes } = often;
print(
  `\nOn disk, indexes included: ${figure(rowBytes.event)} bytes per event, ${figure(rowBytes.checkSlot)} per slot of a check (kept two days), ${figure(rowBytes.rollup)} per row of a rollup.`,
);

print(
  '\nOne by one: each check is stored as it comes, as in the small loads above. Gathered: many are stored at once, as events by HTTP.',
);
print(
  `\nPlans: each monitor is checked from one zone; a process uses ${usableCore} of a core; raw events are kept ${keep.eventDays} days, minutes ${keep.minuteDays} days; a database machine has ${databaseCores} cores and ${databaseDiskBytes / 1e12} TB. The columns of processes are for roles apart: at least two of each, so that one may end.`,
);
const plans = sizes.flatMap(([monitors = 0, zones = 1, intervalS = 60]) => {
  const isOften = intervalS < 25;
  const from = isOften ? { points: often.points, pointsIntervalS: 10 } : { points: seldom.points, pointsIntervalS: 60 };
  const input = { monitors, zones, intervalS, ...from, rowBytes, keep };
  const name = `${grouped(monitors)}, ${zones}, ${intervalS} s`;
  return [
    { name: `${name}, one by one`, plan: planSize(input) },
    { name: `${name}, gathered`, plan: planSize({ ...input, gathered: events }) },
  ];
});
table(
  [
    ...[
      'monitors, zones, interval, checks',
      'events/s',
      'scheduler cores',
      'per zone',
      'processor cores',
      'health cores',
    ],
    ...['database cores', 'schedulers', 'processors', 'health', 'partitions', 'MiB per scheduler'],
    ...['events per day', 'slots per day', 'rollups per day', 'stored in all'],
  ],
  plans.map(({ name, plan }) => [
    name,
    figure(plan.eventsPerSecond),
    ...[plan.cores.scheduler, plan.zoneCores, plan.cores.processor, plan.cores.health, plan.cores.database].map(
      (value) => figure(value, 2),
    ),
    ...[plan.schedulers, plan.processors, plan.healths, plan.partitions].map(String),
    figure(plan.schedulerMiB),
    ...[plan.bytesPerDay.events, plan.bytesPerDay.slots, plan.bytesPerDay.rollups].map(bytes),
    bytes(plan.databaseBytes),
  ]),
);
print();
for (const { name, plan } of plans) {
  const isWhole = plan.hints.some((hint) => hint.startsWith('one process'));
  const first = isWhole ? [] : [`split first ${plan.splitFirst.slice(0, 2).join(', then ')}`];
  print(`- ${name}: ${[...first, ...plan.hints].join('; ')}.`);
}
