import { useQuery } from '@tanstack/react-query';
import type { AlertRule } from '@watchkeeper/model';
import { countText, ruleConditionText, stateTitles } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, useMay } from '../api.ts';
import { DeleteDialog } from '../components/DeleteDialog.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateTag } from '../components/StateTag.tsx';
import { RuleForm } from './RuleForm.tsx';

/** What people want to be told of any events, and where it stands. */
export function RulesCard() {
  const mayEdit = useMay('editor');
  const [edited, edit] = useState<AlertRule | 'new'>();
  const [deleting, remove] = useState<AlertRule>();
  const rules = useQuery({
    queryKey: ['alert-rules'],
    queryFn: () => api.call('listAlertRules'),
    refetchInterval: 10_000,
  });
  if (rules.data === undefined) {
    return rules.error === null ? (
      <Skeleton height={200} />
    ) : (
      <Failure error={rules.error} onRetry={() => void rules.refetch()} />
    );
  }
  return (
    <section className="card">
      <header>
        <h2 className="h2">Alert rules</h2>
        <span className="s dim">on events of any name</span>
        <span className="sp" />
        {mayEdit ? (
          <button type="button" className="btn primary sm" onClick={() => edit('new')}>
            <Icon name="plus" />
            New rule
          </button>
        ) : null}
      </header>
      {rules.data.items.length === 0 ? (
        <Empty
          sentence="No rule looks at events. Services that monitors watch are told of without one."
          command="watchkeeper alert rule put -f rule.yaml"
        />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="wide" aria-label="Alert rules" tabIndex={0}>
          <table>
            <thead>
              <tr>
                {['Name', 'Stands', 'Tells when', 'Split by', ''].map((title) => (
                  <th key={title} scope="col">
                    {title === '' ? <span className="visually-hidden">Actions</span> : title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rules.data.items.map((rule) => (
                <tr key={`${rule.tenant}/${rule.name}`}>
                  <td>{rule.name}</td>
                  <td>
                    <Standing rule={rule} />
                  </td>
                  <td className="sub">{ruleConditionText(rule)}</td>
                  <td className="sub">{rule.groupBy.join(', ') || '–'}</td>
                  <td className="num">
                    {mayEdit ? (
                      <span className="row" style={{ justifyContent: 'flex-end' }}>
                        <button type="button" className="btn sm" onClick={() => edit(rule)}>
                          Edit
                        </button>
                        <button type="button" className="btn sm danger" onClick={() => remove(rule)}>
                          Delete
                        </button>
                      </span>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {edited === undefined ? null : (
        <RuleForm {...(edited === 'new' ? {} : { present: edited })} onClose={() => edit(undefined)} />
      )}
      {deleting === undefined ? null : (
        <DeleteDialog
          kind="rule"
          name={deleting.name}
          consequence="Nobody is told of it any more, and its open alerts end. The events stay."
          onDelete={() => api.call('deleteAlertRule', { params: { name: deleting.name } })}
          queryKey="alert-rules"
          onClose={() => remove(undefined)}
        />
      )}
    </section>
  );
}

function Standing({ rule }: { readonly rule: AlertRule }) {
  const { open, groups, leftOut, judgedAt } = rule.status;
  if (rule.paused) return <StateTag state="paused" size={14} />;
  if (judgedAt === null) return <StateTag state="unknown" size={14} text="Not judged yet" />;
  const note =
    leftOut === 0 ? '' : `${countText(leftOut)} events of more than ${countText(groups)} groups are not counted`;
  const count = rule.groupBy.length === 0 ? '' : ` (${countText(open)} of ${countText(groups)})`;
  return (
    <span title={note}>
      <StateTag
        state={open > 0 ? rule.state : 'ok'}
        size={14}
        text={`${open > 0 ? stateTitles[rule.state] : stateTitles.ok}${count}`}
      />
      {leftOut === 0 ? null : <span className="is-degraded"> {countText(leftOut)} events left out</span>}
    </span>
  );
}
