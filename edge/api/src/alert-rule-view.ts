import {
  type AlertRule,
  type AlertRuleInput,
  type FieldProblem,
  filledInRule,
  parseDuration,
  timesOfRule,
} from '@watchkeeper/model';
import type { AlertRuleRow, AlertRuleStatus } from '@watchkeeper/store';

/** An alert rule as the API shows it. */
export function viewOfRule(row: AlertRuleRow, status: AlertRuleStatus | undefined): AlertRule {
  const { name, events, groupBy, aggregate, window, above, below, endsAt, endsAfter, delay } = row.definition;
  const { where, state, text, channels, paused } = row.definition;
  return {
    ...{ tenant: row.tenant, name, events, where, groupBy, aggregate, window, above, below, endsAt },
    ...{ for: row.definition.for, endsAfter, delay, state, text, channels, paused, version: row.version },
    status: {
      judgedAt: row.judgedAt?.toISOString() ?? null,
      groups: status?.groups ?? 0,
      open: status?.open ?? 0,
      leftOut: status?.leftOut ?? 0,
    },
  };
}

const dayMs = 86_400_000;
/** Most steps that one window is made of: each judgement adds them up, and short steps are judged often. */
const mostStepsOfWindow = (stepMs: number) => (stepMs < 60_000 ? 120 : 300);

/** What the schema of a rule cannot say. */
export function alertRuleProblems(input: AlertRuleInput): FieldProblem[] {
  const rule = filledInRule(input);
  const { aggregate, above, below, endsAt, window } = rule;
  const problems: FieldProblem[] = [];
  const within = (field: 'window' | 'for' | 'endsAfter' | 'delay', leastMs: number, mostMs: number, words: string) => {
    const ms = parseDuration(rule[field]) ?? -1;
    if (ms < leastMs || ms > mostMs) problems.push({ pointer: `/${field}`, message: `must be ${words}` });
  };
  within('window', 1000, dayMs, '1s to 1d');
  within('for', 0, dayMs, '0s to 1d');
  within('endsAfter', 0, dayMs, '0s to 1d');
  within('delay', 0, 600_000, '0s to 10m');
  const { windowMs, stepMs } = timesOfRule(rule);
  if (windowMs % 1000 !== 0) problems.push({ pointer: '/window', message: 'must be a whole number of seconds' });
  else if (windowMs / stepMs > mostStepsOfWindow(stepMs)) {
    const message = `"${window}" would be judged in ${windowMs / stepMs} steps of ${stepMs / 1000} s; choose a rounder one, such as a multiple of 5m`;
    problems.push({ pointer: '/window', message });
  }
  const limits = [above, below].filter((limit) => limit !== null).length;
  if (aggregate === 'absent') {
    for (const field of ['above', 'below', 'endsAt'] as const) {
      if (rule[field] !== null) problems.push({ pointer: `/${field}`, message: 'a rule on silence has no limit' });
    }
  } else if (limits !== 1) {
    problems.push({
      pointer: limits === 0 ? '/above' : '/below',
      message: limits === 0 ? 'say when: above or below which limit' : 'a rule has one limit, above or below',
    });
  } else if (endsAt !== null && ((above !== null && endsAt > above) || (below !== null && endsAt < below))) {
    const message = above === null ? `must be at least ${below}` : `must be at most ${above}`;
    problems.push({ pointer: '/endsAt', message: `${message}, the limit` });
  }
  return problems;
}
