/** How far a producer has been stored: the row of `producers` while it is locked. */
export interface ProducerMark {
  epoch: number;
  /** The highest sequence number that was stored. */
  lastSeq: number;
  /** Numbers below it that have not come yet, as pairs "from, to", rising. */
  missing: number[];
}

/** Gaps that are remembered for one producer; beyond it the oldest count as stored. */
const rememberedGaps = 100;

/**
 * Which rows of a batch are not stored yet, and moves the mark on. Undefined when the epoch is an older start's: the
 * batch is fenced. Rows in `without` count as sent and are not given back.
 *
 * What comes behind a gap is taken, and the gap is remembered: the channel to the log may bring a producer's batches in
 * another order than they were sent in, and each event is stored exactly once all the same.
 */
export function takeNewer(
  mark: ProducerMark,
  { epoch, firstSeq, count }: { readonly epoch: number; readonly firstSeq: number; readonly count: number },
  without?: ReadonlySet<number>,
): number[] | undefined {
  if (epoch < mark.epoch) return undefined;
  if (epoch > mark.epoch) {
    mark.epoch = epoch;
    mark.lastSeq = 0;
    mark.missing = [];
  }
  const newer: number[] = [];
  if (count === 0) return newer;
  const endSeq = firstSeq + count - 1;
  for (let row = 0; row < count; row++) {
    const seq = firstSeq + row;
    if ((seq > mark.lastSeq || isMissing(mark.missing, seq)) && !without?.has(row)) newer.push(row);
  }
  mark.missing = withoutRange(mark.missing, firstSeq, endSeq);
  if (firstSeq > mark.lastSeq + 1) mark.missing.push(mark.lastSeq + 1, firstSeq - 1);
  mark.missing = mark.missing.slice(-2 * rememberedGaps);
  mark.lastSeq = Math.max(mark.lastSeq, endSeq);
  return newer;
}

function isMissing(missing: readonly number[], seq: number): boolean {
  for (let at = 0; at < missing.length; at += 2)
    if ((missing[at] as number) <= seq && seq <= (missing[at + 1] as number)) return true;
  return false;
}

function withoutRange(missing: readonly number[], from: number, to: number): number[] {
  if (missing.length === 0) return [];
  const left: number[] = [];
  for (let at = 0; at < missing.length; at += 2) {
    const [first, last] = [missing[at] as number, missing[at + 1] as number];
    if (first < from) left.push(first, Math.min(last, from - 1));
    if (last > to) left.push(Math.max(first, to + 1), last);
  }
  return left;
}
