import type { Problems } from './problems-of.ts';
import { SchemaFields } from './SchemaFields.tsx';
import { type FieldSchema, initialOf, withValue } from './schema-form.ts';

/** A plug-in as the API lists it. */
export interface OfferedType {
  readonly name: string;
  readonly summary: string;
  readonly options: unknown;
}

interface TypeAndOptions {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Which plug-in it is, and the fields that its own schema asks for. */
export function TypeFields({
  id,
  types,
  input,
  problems,
  onChange,
}: {
  readonly id: string;
  readonly types: readonly OfferedType[];
  readonly input: TypeAndOptions;
  readonly problems: Problems;
  readonly onChange: (change: (before: TypeAndOptions) => TypeAndOptions) => void;
}) {
  const schemaOf = (type: string) => (types.find(({ name }) => name === type)?.options ?? {}) as FieldSchema;
  return (
    <>
      <div className="field">
        <label htmlFor={id}>Type</label>
        <select
          id={id}
          className="input"
          value={input.type}
          onChange={({ target: { value } }) => onChange(() => ({ type: value, options: initialOf(schemaOf(value)) }))}
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
        schema={schemaOf(input.type)}
        values={input.options}
        pointer="/options"
        problems={problems}
        onChange={(path, value) =>
          onChange(({ type, options }) => ({ type, options: withValue(options, path, value) }))
        }
      />
    </>
  );
}
