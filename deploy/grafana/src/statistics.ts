/**
 * Conditions on `monitor_statistics` that read one granularity: hours where a step over time is at least as long as
 * said, minutes otherwise. Both sides are known when the database plans, so that it reads nothing else.
 */
export function periodsOf(longSteps: '5 minutes' | '1 hour'): string {
  return `granularity = case when interval '$__interval' >= interval '${longSteps}' then 'hour' else 'minute' end and $__timeFilter(dt)`;
}
