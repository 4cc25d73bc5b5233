import { type AlertRule, filledInRule, timesOfRule, WatchkeeperError } from '@watchkeeper/model';
import {
  deleteAlertRule,
  findAlertRule,
  listAlertRules,
  lockAlertRule,
  readAlertRuleStatus,
  readRuleBuckets,
  recordChange,
  type Tx,
} from '@watchkeeper/store';
import { alertRuleProblems, viewOfRule } from '../alert-rule-view.ts';
import { changed } from '../change.ts';
import type { Handlers } from '../handler.ts';
import { alertRuleKind } from '../objects/alert-rule.ts';
import { validationError } from '../problems.ts';
import { scopeOf } from '../read-scope.ts';
import { previewRule } from '../rule-preview.ts';
import { rangeOf } from '../time-range.ts';
import { assertVersion } from '../versions.ts';
import { assertName } from './services.ts';

/** Longest range of a preview in judgements. */
const mostJudgements = 5000;

export const alertRuleHandlers = {
  async listAlertRules({ caller }, { store }) {
    const tenantId = scopeOf(caller);
    return store.read(tenantId, async (tx) => {
      const status = new Map((await readAlertRuleStatus(tx, tenantId)).map((row) => [row.ruleId, row]));
      return { items: (await listAlertRules(tx, tenantId)).map((row) => viewOfRule(row, status.get(row.id))) };
    });
  },

  async getAlertRule({ params, caller }, { store }) {
    return store.read(caller.tenantId, (tx) => ruleOf(tx, caller.tenantId, params.name));
  },

  async previewAlertRule({ query, body, caller }, { store, clock }) {
    const range = rangeOf(query, { nowMs: clock.wallMs(), pointer: (bound) => `query:${bound}` });
    const problems = alertRuleProblems(body);
    if (problems.length > 0) throw validationError(problems, 'The rule');
    const rule = filledInRule(body);
    const { windowMs, stepMs } = timesOfRule(rule);
    if ((range.toMs - range.fromMs) / stepMs > mostJudgements) {
      const message = `the rule is judged every ${stepMs / 1000} s, and at most ${mostJudgements} judgements are shown`;
      throw validationError([{ pointer: 'query:from', message }], 'The preview');
    }
    const { tenantId } = caller;
    const buckets = await store.read(tenantId, (tx) =>
      readRuleBuckets(tx, { tenantId, rule, fromMs: range.fromMs - windowMs, toMs: range.toMs, stepMs }),
    );
    return previewRule(rule, buckets, range);
  },

  async putAlertRule(call, dependencies) {
    const { params, body, caller, ifMatch } = call;
    const { store, messages } = dependencies;
    assertName(params.name, body.name, 'The rule');
    const view = await store.write(async (tx) => {
      const problems = await alertRuleKind.problems(tx, caller.tenantId, body, dependencies);
      if (problems.length > 0) throw validationError(problems, 'The rule');
      const present = await lockAlertRule(tx, caller.tenantId, body.name);
      if (present !== undefined) assertVersion(`Alert rule "${body.name}"`, present.version, ifMatch);
      const { before, after } = await alertRuleKind.put(tx, caller.tenantId, body, dependencies);
      const written = await ruleOf(tx, caller.tenantId, body.name);
      // The same once more is no change.
      if (written.version === present?.version) return written;
      const action = before === undefined ? 'alert_rule.created' : 'alert_rule.changed';
      const object = { kind: 'alert_rule', name: body.name } as const;
      await recordChange(tx, changed(call, { action, object, before, after }));
      return written;
    });
    await messages.publish('alerts');
    return view;
  },

  async deleteAlertRule(call, { store, messages }) {
    const { params, caller } = call;
    await store.write(async (tx) => {
      const before = await deleteAlertRule(tx, caller.tenantId, params.name);
      if (before === undefined) throw ruleNotFound(params.name);
      const object = { kind: 'alert_rule', name: params.name } as const;
      await recordChange(tx, changed(call, { action: 'alert_rule.deleted', object, before: before.definition }));
    });
    await messages.publish('alerts');
  },
} satisfies Partial<Handlers>;

async function ruleOf(tx: Tx, tenantId: number, name: string): Promise<AlertRule> {
  const row = await findAlertRule(tx, tenantId, name);
  if (row === undefined) throw ruleNotFound(name);
  const status = (await readAlertRuleStatus(tx, tenantId)).find(({ ruleId }) => ruleId === row.id);
  return viewOfRule(row, status);
}

function ruleNotFound(name: string): WatchkeeperError {
  return new WatchkeeperError('not_found', `There is no alert rule "${name}". List the rules to see which there are.`, {
    details: { name },
  });
}
