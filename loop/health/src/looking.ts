/** A longer gap between two sweeps means that this process or the database stood still, milliseconds. */
const longestGapMs = 10_000;

/** Since when somebody has looked without a gap, and when last; by the clock of the database. */
export interface Looking {
  readonly since: Date;
  readonly at: Date;
}

/**
 * Silence counts only while somebody looks. After a start, an outage of the database or a machine that slept, nobody
 * had a chance to report, and time begins anew.
 */
export function lookAgain(before: Looking | undefined, now: Date): Looking {
  const isGap = before === undefined || now.getTime() - before.at.getTime() > longestGapMs;
  return { since: isGap ? now : before.since, at: now };
}
