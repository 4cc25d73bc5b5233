/** Something that one holder at a time works on: a partition of the log, a zone. */
export interface SharedThing {
  readonly name: string;
  /** Who holds its lease now; undefined when it is free. */
  readonly holder: string | undefined;
}

/** Somebody who takes part. */
export interface Sharer {
  readonly holder: string;
  /** Names that it can work on; undefined: all. */
  readonly serves?: ReadonlySet<string>;
}

/**
 * Who should hold what: everything that can be held is, nobody holds two more than another who could take one, and as
 * little as possible moves. Every process comes to the same answer from the same rows. What a stranger holds (a process
 * of an older release, which does not take part) stays with it until its lease ends.
 */
export function shareOut(things: readonly SharedThing[], sharers: readonly Sharer[]): ReadonlyMap<string, string> {
  const members = [...sharers].sort((a, b) => (a.holder < b.holder ? -1 : 1));
  const loads = new Map(members.map(({ holder }) => [holder, 0]));
  const plan = new Map<string, string>();
  const give = (name: string, holder: string) => {
    const former = plan.get(name);
    if (former !== undefined) loads.set(former, (loads.get(former) ?? 0) - 1);
    plan.set(name, holder);
    loads.set(holder, (loads.get(holder) ?? 0) + 1);
  };
  const load = (holder: string) => loads.get(holder) ?? 0;
  const leastLoaded = (name: string) =>
    members
      .filter(({ serves }) => serves === undefined || serves.has(name))
      .reduce<string | undefined>(
        (best, { holder }) => (best === undefined || load(holder) < load(best) ? holder : best),
        undefined,
      );

  const sorted = [...things].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, holder } of sorted) if (holder !== undefined && loads.has(holder)) give(name, holder);
  for (const { name, holder } of sorted) {
    const taker = holder === undefined ? leastLoaded(name) : undefined;
    if (taker !== undefined) give(name, taker);
  }
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const [name, holder] of plan) {
      const taker = leastLoaded(name);
      if (taker === undefined || load(holder) <= load(taker) + 1) continue;
      give(name, taker);
      isMoved = true;
    }
  }
  return plan;
}
