import { failpoint } from '@watchkeeper/kit';
import {
  type AlertRuleDefinition,
  isPercentileRule,
  judgeRule,
  ruleSentence,
  ruleValue,
  timesOfRule,
} from '@watchkeeper/model';
import {
  type AlertChannelRow,
  asStoreError,
  dropRuleGroups,
  dropRuleSums,
  type GroupRow,
  insertDelivery,
  type JudgedRule,
  listAlertChannels,
  lockLeftAlerts,
  lockRuleToJudge,
  noteJudged,
  openRuleAlert,
  readRuleGroups,
  readRuleSums,
  readRulesToJudge,
  readUntilMs,
  type Store,
  saveRuleGroups,
  type Tx,
} from '@watchkeeper/store';
import { type HealthOptions, healthReader } from './health-options.ts';
import { endAlert } from './settle-tenant.ts';

/** Most instants judged of a rule at once; when there are more, the oldest are passed over. */
const mostSteps = 20;
/** Groups without any event for this long (or three windows) are forgotten, milliseconds. */
const forgetMs = 7 * 86_400_000;
const pruneEveryMs = 60_000;

/**
 * Judges all alert rules up to where the log is read. What comes of a rule, how far it is judged, its alerts and the
 * outbox are one transaction under the lock of the rule, and everything is derived from rows: after any crash, and
 * whoever judges, each alert begins once and ends once. Returns whether any alert began or ended.
 */
export async function judgeRules({ store, logger }: HealthOptions): Promise<boolean> {
  const rules = await readRulesToJudge(store.db);
  const untilMs = rules.length === 0 ? 0 : await readUntilMs(store.db, healthReader);
  let isChanged = false;
  for (const { id, judgedMs, definition } of rules) {
    if (dueMs(definition, untilMs) <= (judgedMs ?? 0)) continue;
    try {
      const changed = await store.write(async (tx) => {
        const rule = await lockRuleToJudge(tx, id);
        const differs = rule !== undefined && (await judgeOne(tx, rule, untilMs));
        failpoint('rules.before-commit');
        return differs;
      });
      failpoint('rules.after-commit');
      isChanged ||= changed;
    } catch (error) {
      // The others must not wait for one that cannot be judged.
      logger.warn(
        { err: asStoreError(error), rule: definition.name },
        'an alert rule was not judged; it is tried again',
      );
    }
  }
  return (await endLeftAlerts(store)) || isChanged;
}

/** The newest instant of a rule that can be judged: its events have had their time to arrive. */
function dueMs(definition: AlertRuleDefinition, untilMs: number): number {
  const { stepMs, delayMs } = timesOfRule(definition);
  return Math.floor((untilMs - delayMs) / stepMs) * stepMs;
}

async function judgeOne(tx: Tx, rule: JudgedRule, untilMs: number): Promise<boolean> {
  const { id, tenantId, definition, judgedMs, countsSinceMs } = rule;
  const { windowMs, stepMs } = timesOfRule(definition);
  const lastMs = dueMs(definition, untilMs);
  if (lastMs <= (judgedMs ?? 0)) return false;
  const firstMs = Math.max(judgedMs === null ? lastMs : judgedMs + stepMs, lastMs - (mostSteps - 1) * stepMs);
  const lookedSinceMs = lookedSince(rule, lastMs);
  const groups = new Map((await readRuleGroups(tx, id)).map((row) => [row.key, row]));
  const touched = new Set<string>();
  let channels: readonly AlertChannelRow[] | undefined;
  let isChanged = false;
  for (let atMs = firstMs; atMs <= lastMs; atMs += stepMs) {
    const range = { ruleId: id, fromMs: atMs - windowMs, toMs: atMs };
    const sums = await readRuleSums(tx, { ...range, isPercentile: isPercentileRule(definition.aggregate) });
    for (const before of groups.values()) {
      const ofGroup = sums.get(before.key);
      const value = ruleValue(definition.aggregate, ofGroup, windowMs);
      const isWhole = atMs - windowMs >= Math.max(countsSinceMs, lookedSinceMs, before.firstSeenMs);
      const standing = judgeRule(definition, before, { atMs, value, isWhole });
      const seenMs = ofGroup !== undefined && atMs - before.seenMs >= pruneEveryMs ? atMs : before.seenMs;
      const after: GroupRow = { ...before, ...standing, seenMs };
      if (isSame(before, after)) continue;
      touched.add(before.key);
      if (before.isOpen === after.isOpen) {
        groups.set(before.key, after);
        continue;
      }
      isChanged = true;
      channels ??= (await listAlertChannels(tx, tenantId)).filter(({ paused }) => !paused);
      const alertId = await settle(tx, { rule, channels, after, value, atMs });
      groups.set(before.key, { ...after, alertId });
    }
  }
  const forgotten = [...groups.values()].filter(
    ({ key, seenMs }) => key !== '[]' && lastMs - seenMs > Math.max(forgetMs, 3 * windowMs),
  );
  await saveRuleGroups(
    tx,
    id,
    [...groups.values()].filter(({ key }) => touched.has(key)),
  );
  await dropRuleGroups(
    tx,
    id,
    forgotten.map(({ key }) => key),
  );
  if (Math.floor(lastMs / pruneEveryMs) !== Math.floor((judgedMs ?? 0) / pruneEveryMs)) {
    await dropRuleSums(tx, id, lastMs - windowMs);
  }
  await noteJudged(tx, id, { judgedMs: lastMs, lookedSinceMs });
  return isChanged;
}

/**
 * Since when somebody has looked. After a start, an outage of the database or a machine that slept for long, nobody
 * had a chance to be counted, and the time of silence begins anew.
 */
function lookedSince({ unwatchedMs, lookedSinceMs, definition, countsSinceMs }: JudgedRule, atMs: number): number {
  const { windowMs, stepMs } = timesOfRule(definition);
  if (unwatchedMs === null || lookedSinceMs === null) return countsSinceMs;
  return unwatchedMs > Math.max(2 * stepMs + 3000, windowMs / 10) ? atMs : lookedSinceMs;
}

function isSame(a: GroupRow, b: GroupRow): boolean {
  return (
    a.isOpen === b.isOpen && a.badSinceMs === b.badSinceMs && a.wellSinceMs === b.wellSinceMs && a.seenMs === b.seenMs
  );
}

interface Settling {
  readonly rule: JudgedRule;
  readonly channels: readonly AlertChannelRow[];
  readonly after: GroupRow;
  readonly value: number | null;
  readonly atMs: number;
}

/** Begins or ends the alert of a group and writes who is told; returns the alert that is open then. */
async function settle(tx: Tx, { rule, channels, after, value, atMs }: Settling): Promise<string | null> {
  const { tenantId, definition } = rule;
  if (!after.isOpen) {
    if (after.alertId !== null) await endAlert(tx, { tenantId, alert: { id: after.alertId }, channels, state: 'ok' });
    return null;
  }
  const group = groupOf(definition, after.key);
  const { name, state } = definition;
  const openedMs = after.badSinceMs ?? atMs;
  const message = ruleSentence(definition, value);
  const alertId = await openRuleAlert(tx, tenantId, { rule: name, group, state, message, openedMs });
  for (const channel of channels.filter((candidate) => concerns(candidate, definition, group))) {
    await insertDelivery(tx, tenantId, {
      ...{ alertId, channel: channel.name, kind: 'opened', state, previousState: null, waitMs: channel.groupWaitMs },
    });
  }
  return alertId;
}

/** What the key of a group says, by the names of the rule. */
function groupOf({ groupBy }: AlertRuleDefinition, key: string): Record<string, string> {
  const texts = JSON.parse(key) as string[];
  return Object.fromEntries(groupBy.map((name, index) => [name, texts[index] ?? '']));
}

/** A channel that the rule names is told in any case; otherwise its own choice of states and places decides. */
function concerns(
  channel: AlertChannelRow,
  rule: AlertRuleDefinition,
  group: Readonly<Record<string, string>>,
): boolean {
  if (rule.channels.length > 0) return rule.channels.includes(channel.name);
  const fits = (wanted: readonly string[], name: string) => {
    const [only, ...others] = rule.where[name] ?? [];
    const said = group[name] ?? (others.length === 0 ? only : undefined);
    return wanted.length === 0 || (said !== undefined && wanted.includes(said));
  };
  return (
    channel.states.includes(rule.state) &&
    fits(channel.environments, 'environment') &&
    fits(channel.services, 'service')
  );
}

/** Ends alerts whose rule was deleted, paused or begun anew, or whose group was forgotten. */
async function endLeftAlerts(store: Store): Promise<boolean> {
  return store.write(async (tx) => {
    const left = await lockLeftAlerts(tx);
    for (const { id, tenantId } of left) {
      const channels = (await listAlertChannels(tx, tenantId)).filter(({ paused }) => !paused);
      await endAlert(tx, { tenantId, alert: { id }, channels, state: 'paused' });
    }
    return left.length > 0;
  });
}
