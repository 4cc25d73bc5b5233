import type { ProcessList } from '../processes.ts';
import type { Overview, Zone } from '../service.ts';
import { type State, severityOf } from '../state-names.ts';
import { countText } from './numbers.ts';
import { processesAnswer } from './processes.ts';
import { listText } from './sentences.ts';
import { isChangingHands } from './unheld.ts';

/** What is known of Watchkeeper itself. */
export interface SelfKnowledge {
  readonly self: Overview['self'];
  readonly list: ProcessList;
  readonly zones: readonly Pick<Zone, 'name' | 'watched'>[];
  /** Whether messages could not be taken within the last hour; undefined for those who may not see them. */
  readonly hasDeadLetters: boolean | undefined;
}

/** Zones that no scheduler watches from, those left out that only change hands. */
export function zonesWithoutWatch(zones: SelfKnowledge['zones'], list: ProcessList): string[] {
  const isMoving = (zone: string) =>
    list.leases.some(
      ({ name, holder, until }) =>
        (name === `scheduler/${zone}` || name.startsWith(`scheduler/${zone}/`)) &&
        (holder !== null || isChangingHands(until, list)),
    );
  return zones.filter(({ name, watched }) => !watched && !isMoving(name)).map(({ name }) => name);
}

/** How Watchkeeper itself is, in one line: the worst of what the page System and `watchkeeper doctor` know. */
export function selfAnswer({ self, list, zones, hasDeadLetters }: SelfKnowledge): { state: State; title: string } {
  const processes = processesAnswer(list);
  const unwatched = zonesWithoutWatch(zones, list);
  const known: { state: State; title: string }[] = [
    { state: processes.state, title: processes.title },
    ...(unwatched.length > 0
      ? [{ state: 'degraded' as const, title: `Nobody watches from ${listText(unwatched)}` }]
      : []),
    { state: self.state, title: selfTitles[self.state] },
    ...(self.dropped > 0
      ? [{ state: 'degraded' as const, title: `${countText(self.dropped)} events were dropped` }]
      : []),
    ...(hasDeadLetters === true ? [{ state: 'degraded' as const, title: 'Some messages could not be taken' }] : []),
  ];
  const trouble = known.filter(({ state }) => state === 'failed' || state === 'degraded');
  const worst = trouble.toSorted((a, b) => severityOf(b.state) - severityOf(a.state))[0];
  return worst ?? { state: self.state, title: selfTitles[self.state] };
}

const selfTitles: Readonly<Record<State, string>> = {
  ok: 'Watchkeeper is well',
  degraded: 'Watchkeeper is behind',
  failed: 'Watchkeeper has trouble',
  unknown: 'Nothing was stored yet',
  maintenance: 'Watchkeeper is in maintenance',
  paused: 'Watchkeeper is paused',
};
