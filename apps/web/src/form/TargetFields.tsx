import type { MonitorInput, MonitorTypeView, Zone } from '@watchkeeper/model';
import { useId } from 'react';
import { useWholeOverview } from '../shell/pages.ts';
import { optionsOf } from './monitor-input.ts';
import { type Problems, problemAt } from './problems-of.ts';
import { SchemaFields } from './SchemaFields.tsx';
import { initialOf, withValue } from './schema-form.ts';
import { TextField } from './TextField.tsx';
import { ZonesField } from './ZonesField.tsx';

/** What is watched and from where: common fields, then those of the type's schema. */
export function TargetFields({
  types,
  zones,
  input,
  problems,
  onChange,
}: {
  readonly types: readonly MonitorTypeView[];
  readonly zones: readonly Zone[];
  readonly input: MonitorInput;
  readonly problems: Problems;
  readonly onChange: (change: Partial<MonitorInput>) => void;
}) {
  const id = useId();
  const overview = useWholeOverview();
  const type = types.find(({ name }) => name === input.type);
  return (
    <div className="card padded">
      <TextField
        title="Name"
        hint="What people call it; unique"
        value={input.name}
        problem={problemAt(problems, '/name')}
        onChange={(name) => onChange({ name })}
      />
      <TextField
        title="Service"
        hint="What users call the thing, as one word; made when it is not there"
        value={input.service}
        problem={problemAt(problems, '/service')}
        suggestions={overview?.services.map(({ name }) => name) ?? []}
        onChange={(service) => onChange({ service })}
      />
      <TextField
        title="Environment"
        hint="What is watched: a cloud, a region, a product; made when it is not there"
        value={input.environment}
        problem={problemAt(problems, '/environment')}
        suggestions={overview?.environments.map(({ name }) => name) ?? []}
        onChange={(environment) => onChange({ environment })}
      />
      <ZonesField
        zones={zones}
        chosen={input.zones ?? []}
        problem={problemAt(problems, '/zones')}
        onChange={(chosen) => onChange({ zones: chosen })}
      />
      <div className="field">
        <label htmlFor={id}>Type</label>
        <select
          id={id}
          className="input"
          value={input.type}
          onChange={(event) => {
            const chosen = types.find(({ name }) => name === event.target.value);
            onChange({ type: event.target.value, options: initialOf(optionsOf(chosen)) });
          }}
        >
          {types.map(({ name, summary }) => (
            <option key={name} value={name}>
              {name} – {summary}
            </option>
          ))}
        </select>
      </div>
      <SchemaFields
        key={input.type}
        schema={optionsOf(type)}
        values={input.options}
        pointer="/options"
        problems={problems}
        onChange={(path, value) => onChange({ options: withValue(input.options, path, value) })}
      />
    </div>
  );
}
