import { useQuery } from '@tanstack/react-query';
import type { AlertRule, AlertRuleInput, AlertRulePreview } from '@watchkeeper/model';
import { clockText, groupText } from '@watchkeeper/model/light';
import { type FormEvent, useRef, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { type Problems, problemAt, problemsBeside, problemsOf } from '../form/problems-of.ts';
import { Field, SchemaFields } from '../form/SchemaFields.tsx';
import { initialOf, withValue } from '../form/schema-form.ts';
import { useShowWrong } from '../form/use-show-wrong.ts';
import { finer, inputOfRule, limits, measured, whereField } from './rule-input.ts';
import { pairsOfWhere, whereOfPairs } from './sink-input.ts';

/** Every place of the body that has a field here. */
const shownPointers = [
  ...['/name', 'path:name', '/events', '/aggregate', '/window', '/where', '/above', '/below', '/paused'],
  ...Object.keys(finer.properties ?? {}).map((name) => `/${name}`),
];

/** Makes or changes an alert rule, and shows what it would have done. */
export function RuleForm({ present, onClose }: { readonly present?: AlertRule; readonly onClose: () => void }) {
  const [input, setInput] = useState<AlertRuleInput>(() =>
    present === undefined
      ? { name: '', events: '', aggregate: 'count', ...initialOf(measured), ...initialOf(finer) }
      : inputOfRule(present),
  );
  const [error, setError] = useState<unknown>(null);
  const [preview, setPreview] = useState<AlertRulePreview>();
  const form = useRef<HTMLFormElement>(null);
  useShowWrong(form, error);
  const problems: Problems = problemsOf(error);
  const set = (path: readonly string[], value: unknown) => {
    setPreview(undefined);
    setInput((before) => withValue(before, path, value) as AlertRuleInput);
  };
  const attempt = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    }
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    return attempt(async () => {
      const version = present === undefined ? {} : { ifMatch: present.version };
      await api.call('putAlertRule', { params: { name: input.name }, body: input, ...version });
      await queryClient.invalidateQueries({ queryKey: ['alert-rules'] });
      onClose();
    });
  };
  // A rule that has no name yet can be tried all the same.
  const look = () =>
    attempt(async () =>
      setPreview(await api.call('previewAlertRule', { query: {}, body: { ...input, name: input.name || 'new' } })),
    );
  const fields = { values: input, pointer: '', problems, onChange: set };
  return (
    <Dialog title={present === undefined ? 'New alert rule' : `Edit ${present.name}`} onClose={onClose}>
      <form ref={form} onSubmit={(event) => void save(event)} noValidate>
        {error === null ? null : <Failure error={error} details={problemsBeside(problems, shownPointers)} />}
        {present === undefined ? (
          <Field
            title="Name"
            schema={{ type: 'string', description: 'Lower-case letters, digits, dots and dashes' }}
            isNeeded
            value={input.name}
            problem={problems.get('/name') ?? problems.get('path:name')}
            onChange={(name) => set(['name'], String(name ?? ''))}
          />
        ) : null}
        <SchemaFields schema={measured} {...fields} />
        <Known events={input.events} />
        <Field
          title="Only events with"
          schema={whereField}
          isNeeded={false}
          value={pairsOfWhere(input.where)}
          problem={problemAt(problems, '/where')}
          onChange={(pairs) => set(['where'], whereOfPairs((pairs ?? {}) as Record<string, string>))}
        />
        {input.aggregate === 'absent' ? null : <SchemaFields schema={limits} {...fields} />}
        <details>
          <summary>Groups, patience, channels</summary>
          <SchemaFields schema={finer} {...fields} />
        </details>
        <Field
          title="Paused: nothing is counted, and its alerts end"
          schema={{ type: 'boolean' }}
          isNeeded={false}
          value={input.paused}
          problem={problems.get('/paused')}
          onChange={(paused) => set(['paused'], paused === true)}
        />
        {preview === undefined ? null : <Preview preview={preview} />}
        <footer>
          <button type="button" className="btn" onClick={onClose}>
            Cancel
          </button>
          <button type="button" className="btn" onClick={() => void look()}>
            What would it have done?
          </button>
          <button type="submit" className="btn primary">
            {present === undefined ? 'Make the rule' : 'Save'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What the catalogue knows of the name as it is typed. */
function Known({ events }: { readonly events: string }) {
  const found = useQuery({
    queryKey: ['catalogue', events],
    queryFn: ({ signal }) => api.call('listCatalogue', { signal, query: { q: events.slice(0, 200), limit: 5 } }),
    enabled: events !== '',
  });
  const items = found.data?.items ?? [];
  const exact = items.find(({ name }) => name === events);
  if (events === '' || found.data === undefined) return null;
  if (exact === undefined) {
    const names = items.map(({ name }) => name).join(', ');
    return (
      <p className="hint">
        {names === '' ? 'No such event has arrived yet; the rule will wait for it.' : `Have arrived: ${names}`}
      </p>
    );
  }
  const attributes = [...exact.dimensions, ...exact.attributes].map(({ name }) => name).join(', ');
  return (
    <p className="hint">
      Values: {exact.values.map(({ name }) => name).join(', ') || 'none'}. Can be split by: {attributes || 'nothing'}.
    </p>
  );
}

const shownAlerts = 8;

function Preview({ preview }: { readonly preview: AlertRulePreview }) {
  const { alerts, groups } = preview;
  const nowMs = Date.parse(preview.to);
  const until = (resolvedAt: string | null) =>
    resolvedAt === null ? 'still open' : `until ${clockText(resolvedAt, nowMs)}`;
  return (
    <div className="notice" role="status" ref={(node) => node?.scrollIntoView({ block: 'nearest' })}>
      <p>
        In the last hour, with {groups} {groups === 1 ? 'group' : 'groups'} of events:{' '}
        {alerts.length === 0 ? 'no alert.' : `${alerts.length} ${alerts.length === 1 ? 'alert' : 'alerts'}.`}
      </p>
      <ul>
        {alerts.slice(0, shownAlerts).map(({ group, openedAt, resolvedAt, value }) => (
          <li key={`${openedAt} ${groupText(group)}`}>
            {clockText(openedAt, nowMs)} {until(resolvedAt)} {groupText(group)}
            {value === null ? '' : ` (${Number(value.toPrecision(4))})`}
          </li>
        ))}
      </ul>
    </div>
  );
}
