import type { AlertRuleDefinition } from '../alert-rule.ts';
import { parseDuration } from '../duration.ts';

/** Alert rules and alerts in words. */

const numberText = (value: number) => String(Number(value.toPrecision(4)));

/** One sentence for people: `avg(durationMs) of order.placed over 5m is 512, above 400`. */
export function ruleSentence(rule: AlertRuleDefinition, value: number | null): string {
  const { aggregate, events, window, above, below, text } = rule;
  const [limit, side] = above === null ? [below, 'below'] : [above, 'above'];
  const what =
    aggregate === 'absent'
      ? `no event ${events} for ${window}`
      : `${aggregate} of ${events} over ${window} is ${value === null ? 'not known' : numberText(value)}, ${side} ${numberText(limit ?? 0)}`;
  return text === null || text === '' ? what : `${text} (${what})`;
}

/** What a rule waits for: `avg(ms) of order.placed over 5m above 400 for 1m`. */
export function ruleConditionText(
  rule: Pick<AlertRuleDefinition, 'aggregate' | 'events' | 'window' | 'above' | 'below' | 'for'>,
): string {
  const { aggregate, events, window, above, below } = rule;
  const lasts = (parseDuration(rule.for) ?? 0) === 0 ? '' : ` for ${rule.for}`;
  if (aggregate === 'absent') return `no event ${events} for ${window}${lasts}`;
  const limit = above === null ? `below ${numberText(below ?? 0)}` : `above ${numberText(above)}`;
  return `${aggregate} of ${events} over ${window} ${limit}${lasts}`;
}

/** `shop=north, tier=gold`; empty without a group. */
export function groupText(group: Readonly<Record<string, string>>): string {
  return Object.entries(group)
    .map(([name, value]) => `${name}=${value === '' ? '–' : value}`)
    .join(', ');
}

/** What an alert is about, for titles and lists: `shop in production`, `slow-orders (shop=north)`. */
export function alertSubject(alert: {
  readonly service: string;
  readonly environment: string;
  readonly rule?: string | null;
  readonly group?: Readonly<Record<string, string>> | null;
}): string {
  const { service, environment, rule, group } = alert;
  if (rule === undefined || rule === null) return `${service} in ${environment}`;
  const text = groupText(group ?? {});
  return text === '' ? rule : `${rule} (${text})`;
}
