import { countText, lengthText } from '@watchkeeper/model/light';
import { eventsIn } from './heat.ts';
import type { Explored, LaneData } from './use-explore.ts';
import { mostDots } from './use-explore.ts';

const events = (count: number) => `${countText(count)} ${count === 1 ? 'event' : 'events'}`;

/** Events on the picture. */
export function shownEvents({ lanes, view }: Pick<Explored, 'lanes' | 'view'>): number {
  const countOf = ({ heat, points, periods }: LaneData) => {
    if (view === 'heat') return eventsIn(heat?.columns ?? []);
    if (view === 'dots' && points?.isThinned === false) return points.points.length;
    return periods?.rows.reduce((sum, { count }) => sum + count, 0) ?? 0;
  };
  return lanes.reduce((sum, lane) => sum + countOf(lane), 0);
}

/** What is on the picture, and how: also when it is not every event. */
export function pictureText(explored: Explored): string {
  const { lanes, hiddenGroups } = explored;
  const total = shownEvents(explored);
  return `${events(total)}, ${howText(explored)}${hiddenText(lanes.length, hiddenGroups)}`;
}

function howText({ lanes, view, range }: Explored): string {
  const first = lanes[0];
  if (view === 'heat') {
    const stepMs = first?.heat?.stepMs ?? 1000;
    return `${countText((range.toMs - range.fromMs) / stepMs)} columns of ${lengthText(stepMs)}`;
  }
  if (view !== 'dots') return `periods of ${lengthText(first?.periods?.stepMs ?? 0)}`;
  if (first?.points?.isThinned !== true) return 'one mark each';
  const bad = lanes.reduce(
    (sum, { points }) => sum + (points?.points.filter(({ outcome }) => outcome !== 'ok').length ?? 0),
    0,
  );
  const failures = bad >= mostDots ? `${countText(bad)} of the failures` : 'every failure';
  return `too many for a mark each: lowest to highest of each ${lengthText(first.periods?.stepMs ?? 0)}, and ${failures}`;
}

function hiddenText(shown: number, hidden: number | null): string {
  if (hidden === 0) return '';
  return hidden === null
    ? `; the ${shown} largest of many groups`
    : `; ${countText(hidden)} smaller ${hidden === 1 ? 'group is' : 'groups are'} not shown`;
}

/** The picture in one sentence, for those who do not see it. */
export function plotSentence(explored: Explored, valueName: string): string {
  const kinds = { heat: 'Heat map', dots: 'Dots', lines: 'Lines', table: 'Table' } as const;
  const { fromMs, toMs } = explored.range;
  const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 19);
  return `${kinds[explored.view]} of ${valueName} of ${explored.question.events} from ${clock(fromMs)} to ${clock(toMs)} UTC: ${pictureText(explored)}. The table has the same numbers.`;
}
