import { type AlertRuleInput, type FieldProblem, filledInRule, nearestName } from '@watchkeeper/model';
import { listAlertChannels, listAlertRules, putAlertRule } from '@watchkeeper/store';
import { alertRuleProblems } from '../alert-rule-view.ts';
import { defineObjectKind } from './object-kind.ts';

export const alertRuleKind = defineObjectKind<AlertRuleInput>({
  kind: 'AlertRule',
  topic: 'alerts',
  async problems(tx, tenantId, input) {
    const known = (await listAlertChannels(tx, tenantId)).map(({ name }) => name);
    const ofChannels = (input.channels ?? []).flatMap((name, index): FieldProblem[] => {
      if (known.includes(name)) return [];
      const nearest = nearestName(name, known);
      const hint = nearest === undefined ? 'make it first' : `did you mean "${nearest}"?`;
      return [{ pointer: `/channels/${index}`, message: `there is no channel "${name}"; ${hint}` }];
    });
    return [...alertRuleProblems(input), ...ofChannels];
  },
  async put(tx, tenantId, input) {
    const { before, after } = await putAlertRule(tx, tenantId, filledInRule(input));
    return { before: before?.definition, after: after.definition };
  },
  list: async (tx, tenantId) => (await listAlertRules(tx, tenantId)).map(({ definition }) => definition),
});
