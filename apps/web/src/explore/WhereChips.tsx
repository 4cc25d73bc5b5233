import type { CatalogueName } from '@watchkeeper/model';
import { outcomes } from '@watchkeeper/model/light';
import { Fragment, useState } from 'react';
import { Icon } from '../components/Icon.tsx';
import { useSettled } from '../form/use-settled.ts';
import type { ExploreSearch } from '../search.ts';
import { useAttributeValues } from './catalogue-queries.ts';
import { type ChangeSearch, noSelection } from './change-search.ts';
import { type Condition, conditionsText, operatorWords, parseConditions, withCondition } from './conditions.ts';
import { groupTitle } from './draw-frame.ts';
import { type Field, fieldsOf } from './fields.ts';
import { Picker } from './Picker.tsx';
import { valueText } from './value-text.ts';

/** Where: each condition with a way to take it out, and a way to add one. */
export function WhereChips({
  search,
  entry,
  change,
}: {
  readonly search: ExploreSearch;
  readonly entry: CatalogueName | undefined;
  readonly change: ChangeSearch;
}) {
  const conditions = parseConditions(search.where);
  const fields = fieldsOf(entry);
  const [isAdding, setAdding] = useState(false);
  const set = (next: readonly Condition[]) =>
    change({ ...noSelection, where: next.length === 0 ? undefined : conditionsText(next) });
  return (
    <div className="f">
      {conditions.map((one, index) => {
        const text = wordsOf(one, fields);
        return (
          <Fragment key={`${one.field} ${one.op}`}>
            {index === 0 ? null : <span className="and">and</span>}
            <span className="term">
              <i className="k">{one.field}</i>
              <i className="o">{operatorWords[one.op]}</i>
              <i className="v cut">{text}</i>
              <button
                type="button"
                aria-label={`Take out: ${one.field} ${operatorWords[one.op]} ${text}`}
                onClick={() => set(conditions.filter((other) => other !== one))}
              >
                <Icon name="x" />
              </button>
            </span>
          </Fragment>
        );
      })}
      {isAdding ? (
        <AddCondition
          metric={search.metric ?? ''}
          fields={fields}
          onAdd={(added) => {
            setAdding(false);
            set(withCondition(conditions, added));
          }}
          onClose={() => setAdding(false)}
        />
      ) : (
        <button type="button" className="btn ghost sm" onClick={() => setAdding(true)}>
          <Icon name="plus" />
          Add condition
        </button>
      )}
    </div>
  );
}

function wordsOf(one: Condition, fields: readonly Field[]): string {
  if ('values' in one) return one.values.map(groupTitle).join(' or ');
  return valueText(one.limit, fields.find(({ name }) => name === one.field)?.unit ?? '');
}

function AddCondition({
  metric,
  fields,
  onAdd,
  onClose,
}: {
  readonly metric: string;
  readonly fields: readonly Field[];
  readonly onAdd: (condition: Condition) => void;
  readonly onClose: () => void;
}) {
  const [field, setField] = useState<Field>();
  const choices = fields.map(({ name, kind, unit }) => ({
    value: name,
    note: kind === 'number' ? unit || 'number' : '',
  }));
  if (field === undefined) {
    return (
      <Picker
        label="Field of the condition"
        choices={choices}
        startsOpen
        onClose={onClose}
        onPick={(name) => setField(fields.find((candidate) => candidate.name === name))}
      >
        <span className="dim">field</span>
      </Picker>
    );
  }
  return (
    <>
      <span className="k">{field.name}</span>
      {field.kind === 'text' ? (
        <TextCondition metric={metric} field={field} onAdd={onAdd} onClose={onClose} />
      ) : (
        <NumberCondition field={field} onAdd={onAdd} onClose={onClose} />
      )}
    </>
  );
}

interface AddingProps {
  readonly field: Field;
  readonly onAdd: (condition: Condition) => void;
  readonly onClose: () => void;
}

function TextCondition({ metric, field, onAdd, onClose }: AddingProps & { readonly metric: string }) {
  const [op, setOp] = useState<'is' | 'not'>('is');
  const [text, setText] = useState('');
  const isKept = field.name !== 'outcome' && field.name !== 'reason';
  const kept = useAttributeValues(metric, isKept ? field.name : undefined, useSettled(text, 150));
  const values: readonly string[] = isKept ? (kept.data?.items ?? []) : field.name === 'outcome' ? outcomes : [];
  return (
    <>
      <select
        className="input narrow"
        aria-label="Operator"
        value={op}
        onChange={(event) => setOp(event.target.value === 'is' ? 'is' : 'not')}
      >
        <option value="is">is</option>
        <option value="not">is not</option>
      </select>
      <Picker
        label={`Value of ${field.name}`}
        choices={values.map((value) => ({ value, title: groupTitle(value) }))}
        onSearch={setText}
        isFree={field.name !== 'outcome'}
        onPick={(value) => onAdd({ field: field.name, op, values: [value] })}
      >
        <span className="dim">value</span>
      </Picker>
      <Cancel onClose={onClose} />
    </>
  );
}

function NumberCondition({ field, onAdd, onClose }: AddingProps) {
  const [op, setOp] = useState<'least' | 'below'>('least');
  const [text, setText] = useState('');
  const limit = Number(text);
  const isRight = text.trim() !== '' && Number.isFinite(limit);
  return (
    <form
      className="f"
      onSubmit={(event) => {
        event.preventDefault();
        if (isRight) onAdd({ field: field.name, op, limit });
      }}
    >
      <select
        className="input narrow"
        aria-label="Operator"
        value={op}
        onChange={(event) => setOp(event.target.value === 'least' ? 'least' : 'below')}
      >
        <option value="least">is at least</option>
        <option value="below">is below</option>
      </select>
      <input
        className="input narrow"
        aria-label={field.unit === '' ? `Limit of ${field.name}` : `Limit of ${field.name}, ${field.unit}`}
        inputMode="decimal"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <span className="and">{field.unit}</span>
      <button type="submit" className="btn sm" disabled={!isRight}>
        Add
      </button>
      <Cancel onClose={onClose} />
    </form>
  );
}

function Cancel({ onClose }: { readonly onClose: () => void }) {
  return (
    <button type="button" className="btn sm ghost" onClick={onClose}>
      Cancel
    </button>
  );
}
