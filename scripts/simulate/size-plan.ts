/** From measured points to the cost of a load, and from that to a plan. Pure: the same points, the same plan. */

export const measuredRoles = ['scheduler', 'processor', 'health', 'api', 'database'] as const;
export type MeasuredRole = (typeof measuredRoles)[number];
type PerRole = Readonly<Record<MeasuredRole, number>>;

/** One load, held for a while. */
export interface SizePoint {
  /** Monitors, or events per second wished for. */
  readonly load: number;
  readonly eventsPerSecond: number;
  /** Cores in use: CPU seconds per second. */
  readonly cores: PerRole;
  /** Memory, MiB; of the database what its processes have in proportion, shared memory included. */
  readonly memoryMiB: PerRole;
  /** Bytes of write-ahead log per second. */
  readonly walBytesPerSecond: number;
}

/** Bytes of the database per row, indexes included. */
export interface RowBytes {
  readonly event: number;
  readonly checkSlot: number;
  readonly rollup: number;
}

/** A straight line through points: what stands there without load, and what one unit of load adds. */
export interface Line {
  readonly idle: number;
  readonly perUnit: number;
}

/** Least squares; a slope below zero is noise and counts as none. */
export function lineThrough(points: readonly (readonly [load: number, value: number])[]): Line {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanLoad = mean(points.map(([load]) => load));
  const meanValue = mean(points.map(([, value]) => value));
  const spread = points.reduce((sum, [load]) => sum + (load - meanLoad) ** 2, 0);
  const common = points.reduce((sum, [load, value]) => sum + (load - meanLoad) * (value - meanValue), 0);
  const perUnit = spread === 0 ? 0 : Math.max(0, common / spread);
  return { idle: Math.max(0, meanValue - perUnit * meanLoad), perUnit };
}

export function roleLine(points: readonly SizePoint[], of: 'cores' | 'memoryMiB', role: MeasuredRole): Line {
  return lineThrough(points.map((point) => [point.load, point[of][role]]));
}

export interface PlanInput {
  readonly monitors: number;
  /** Each monitor is checked from one of them. */
  readonly zones: number;
  readonly intervalS: number;
  /** Measured with monitors of the interval that is nearest. */
  readonly points: readonly SizePoint[];
  readonly pointsIntervalS: number;
  /**
   * Measured with events that come in requests of many. Where it is given, what comes behind the scheduler costs as
   * much as such events: checks are then gathered by a buffer, a topic or a busy scheduler before they are stored.
   */
  readonly gathered?: readonly SizePoint[];
  readonly rowBytes: RowBytes;
  /** Days that raw events and rollups by the minute are kept. */
  readonly keep: { readonly eventDays: number; readonly minuteDays: number };
}

export interface Plan {
  readonly eventsPerSecond: number;
  readonly cores: PerRole;
  /** Of one zone: a zone is checked by one process at a time. */
  readonly zoneCores: number;
  readonly schedulers: number;
  readonly processors: number;
  readonly healths: number;
  readonly partitions: number;
  /** Memory of the process with the most monitors, MiB. */
  readonly schedulerMiB: number;
  readonly bytesPerDay: { readonly events: number; readonly slots: number; readonly rollups: number };
  /** When everything is as old as it may get. */
  readonly databaseBytes: number;
  readonly walBytesPerSecond: number;
  /** What comes first, most cores first. */
  readonly splitFirst: readonly MeasuredRole[];
  readonly hints: readonly string[];
}

/** Share of a core that a process may use in the long run; the rest is for peaks and take-overs. */
export const usableCore = 0.6;
/** Cores of a database machine as people rent it, and a disk that one machine carries well. */
export const databaseCores = 16;
export const databaseDiskBytes = 8e12;

export function planSize(input: PlanInput): Plan {
  const { monitors, zones, intervalS, points, pointsIntervalS, gathered, rowBytes, keep } = input;
  const eventsPerSecond = monitors / intervalS;
  // A monitor that is checked more often costs so much more.
  const asMeasured = (monitors * pointsIntervalS) / intervalS;
  const cores = Object.fromEntries(
    measuredRoles.map((role) => {
      const isGathered = gathered !== undefined && role !== 'scheduler';
      const { idle, perUnit } = roleLine(isGathered ? gathered : points, 'cores', role);
      // Each zone has a process of its own, whatever little it has to check.
      const standing = role === 'scheduler' ? idle * zones : idle;
      return [role, standing + perUnit * (isGathered ? eventsPerSecond : asMeasured)];
    }),
  ) as unknown as PerRole;
  const scheduler = roleLine(points, 'cores', 'scheduler');
  const zoneCores = scheduler.idle + (scheduler.perUnit * asMeasured) / zones;
  const memory = roleLine(points, 'memoryMiB', 'scheduler');
  const processes = (role: MeasuredRole) => Math.max(2, Math.ceil(cores[role] / usableCore));
  const perZone = Math.max(1, Math.ceil(zoneCores / usableCore));
  const wal = lineThrough(points.map((point) => [point.load, point.walBytesPerSecond]));
  const dayS = 86_400;
  const minuteRows = monitors * Math.min(1440, dayS / intervalS);
  const eventBytesPerDay = eventsPerSecond * dayS * rowBytes.event;
  const slotBytesPerDay = eventsPerSecond * dayS * rowBytes.checkSlot;
  const rollupBytesPerDay = minuteRows * rowBytes.rollup;
  const bytesPerDay = { events: eventBytesPerDay, slots: slotBytesPerDay, rollups: rollupBytesPerDay };
  const databaseBytes = storedBytes(bytesPerDay, keep);
  const [processors, healths] = [processes('processor'), processes('health')];
  const own = ['scheduler', 'processor', 'health', 'database'] as const;
  const plan = {
    ...{ eventsPerSecond, cores, zoneCores, processors, healths, databaseBytes },
    // One works, one waits.
    schedulers: zones * (perZone + 1),
    partitions: Math.max(4, 2 ** Math.ceil(Math.log2(Math.max(processors, healths)))),
    schedulerMiB: memory.idle + (memory.perUnit * monitors) / (zones * perZone),
    bytesPerDay,
    walBytesPerSecond: wal.idle + wal.perUnit * asMeasured,
    splitFirst: own.toSorted((a, b) => cores[b] - cores[a]),
  };
  return { ...plan, hints: hintsOf(plan, { zones, perZone, isGathered: gathered !== undefined, keep }) };
}

/** Shortest times that raw events and minutes are worth keeping, days: from these, further ones can be told. */
const shortestKeep = { eventDays: 1, minuteDays: 2 };

function hintsOf(
  plan: Omit<Plan, 'hints'>,
  {
    zones,
    perZone,
    isGathered,
    keep,
  }: {
    readonly zones: number;
    readonly perZone: number;
    readonly isGathered: boolean;
    readonly keep: PlanInput['keep'];
  },
): string[] {
  const { cores, bytesPerDay, databaseBytes, processors, zoneCores } = plan;
  const all = measuredRoles.reduce((sum, role) => sum + cores[role], 0);
  const isOnOneDisk = databaseBytes <= databaseDiskBytes;
  const hints: string[] = [];
  if (zones === 1 && all <= usableCore && isOnOneDisk)
    hints.push('one process with all roles and the embedded database carries it, no role needs to be split off');
  if (zones > 1 && all - cores.scheduler <= usableCore && isOnOneDisk)
    hints.push('beside the schedulers one process with the other roles and the embedded database carries it');
  if (perZone > 1) hints.push(`a zone needs ${zoneCores.toFixed(1)} cores: split it into ${perZone}`);
  if (cores.processor > usableCore) hints.push(`more processors: ${processors} share the partitions`);
  if (!isGathered && cores.database > (databaseCores * usableCore) / 2)
    hints.push(
      'Kafka, or remote zones, so that checks are gathered: the database would take more than half of what it can',
    );
  if (!isOnOneDisk) hints.push(diskHint(bytesPerDay, databaseBytes, keep));
  const leastBytes = storedBytes(bytesPerDay, shortestKeep);
  if (cores.database > databaseCores * usableCore || leastBytes > databaseDiskBytes)
    hints.push(
      `Citus or Timescale: one machine of ${databaseCores} cores and ${databaseDiskBytes / 1e12} TB is not enough`,
    );
  return hints;
}

/** What is stored when everything is as old as it may get; slots are kept two days. */
function storedBytes(
  { events, slots, rollups }: Plan['bytesPerDay'],
  { eventDays, minuteDays }: PlanInput['keep'],
): number {
  return events * eventDays + slots * 2 + rollups * minuteDays;
}

function diskHint(perDay: Plan['bytesPerDay'], allBytes: number, { eventDays, minuteDays }: PlanInput['keep']): string {
  const inTb = (bytes: number) => (bytes / 1e12).toPrecision(3);
  const [eventBytes, minuteBytes] = [perDay.events * eventDays, perDay.rollups * minuteDays];
  const [what, setting, bytes] =
    minuteBytes > eventBytes
      ? ['rollups by the minute', 'retention.minutes', minuteBytes]
      : ['raw events', 'retention.events', eventBytes];
  return `${what} for fewer days (\`${setting}\`): they are ${inTb(bytes)} of ${inTb(allBytes)} TB`;
}
