import { extentOf } from './heat.ts';
import { axisFor, type ValueAxis } from './plot-layout.ts';
import type { LaneData, View } from './use-explore.ts';

const lineAggregates = ['p50', 'p95', 'p99', 'avg'];

/** Lowest and highest value that a view shows; undefined when there is nothing to show. */
export function shownExtent(
  lanes: readonly LaneData[],
  view: View,
  isCounted: boolean,
): { low: number; high: number } | undefined {
  if (view === 'heat') return extentOf(lanes.flatMap(({ heat }) => heat?.columns ?? []));
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const hold = (value: number | null | undefined) => {
    if (value === null || value === undefined) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  for (const { points, periods } of lanes) {
    if (view === 'dots') for (const { value } of points?.points ?? []) hold(value);
    for (const { count, values } of periods?.rows ?? []) {
      if (isCounted) hold(count);
      else if (view === 'dots') for (const name of ['min', 'max']) hold(values[name]);
      else for (const name of lineAggregates) hold(values[name]);
    }
  }
  return low > high ? undefined : { low, high };
}

/** Logarithmic unless said otherwise, or where it cannot be: counts, and values below zero. */
export function axisOf(
  lanes: readonly LaneData[],
  view: View,
  isCounted: boolean,
  wanted: ValueAxis['scale'],
): ValueAxis {
  const extent = shownExtent(lanes, view, isCounted);
  const needsZero = isCounted || (extent !== undefined && extent.low < 0);
  // On a logarithmic axis zero stands at the bottom; the lowest value above it says where that is.
  return axisFor(needsZero ? 'linear' : wanted, extent);
}
