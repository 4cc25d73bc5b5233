import { useId, useState } from 'react';
import { type FieldSchema, kindOf, linesOf, pairsOf, pairsText } from './schema-form.ts';

export interface FieldsProps {
  readonly schema: FieldSchema;
  readonly values: Readonly<Record<string, unknown>>;
  /** JSON pointer of the object: `/options`. */
  readonly pointer: string;
  /** What is wrong, by JSON pointer. */
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (path: readonly string[], value: unknown) => void;
}

/** All fields that a schema describes. */
export function SchemaFields({ schema, values, pointer, problems, onChange }: FieldsProps) {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const place = `${pointer}/${name}`;
    if (kindOf(property) === 'group') {
      return (
        <fieldset key={name}>
          <legend>{property.title ?? name}</legend>
          <SchemaFields
            schema={property}
            values={(values[name] ?? {}) as Record<string, unknown>}
            pointer={place}
            problems={problems}
            onChange={(path, value) => onChange([name, ...path], value)}
          />
        </fieldset>
      );
    }
    return (
      <Field
        key={name}
        title={property.title ?? name}
        schema={property}
        isNeeded={schema.required?.includes(name) === true && property.default === undefined}
        value={values[name]}
        problem={problems.get(place)}
        onChange={(value) => onChange([name], value)}
      />
    );
  });
}

interface FieldProps {
  readonly title: string;
  readonly schema: FieldSchema;
  readonly isNeeded: boolean;
  readonly value: unknown;
  readonly problem: string | undefined;
  readonly onChange: (value: unknown) => void;
}

/** One field: label, control, what it is, what is wrong with it. */
export function Field(props: FieldProps) {
  const { title, schema, isNeeded, value, problem, onChange } = props;
  const id = useId();
  const described = [schema.description === undefined ? '' : `${id}-hint`, problem === undefined ? '' : `${id}-wrong`]
    .join(' ')
    .trim();
  const control = {
    id,
    className: 'input',
    'aria-invalid': problem !== undefined,
    ...(described === '' ? {} : { 'aria-describedby': described }),
  };
  const notes = (
    <>
      {schema.description === undefined ? null : (
        <span className="hint" id={`${id}-hint`}>
          {schema.description}
        </span>
      )}
      {problem === undefined ? null : (
        <span className="wrong" id={`${id}-wrong`} role="alert">
          {problem}
        </span>
      )}
    </>
  );
  if (kindOf(schema) === 'switch') {
    return (
      <div className="field">
        <label className="check">
          <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
          {title}
        </label>
        {notes}
      </div>
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>
        {title}
        {isNeeded ? <span className="dim"> (needed)</span> : null}
      </label>
      <Control {...props} control={control} />
      {notes}
    </div>
  );
}

type ControlProps = FieldProps & { readonly control: { readonly id: string; readonly className: string } };

function Control({ schema, isNeeded, value, onChange, control }: ControlProps) {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  switch (kindOf(schema)) {
    case 'choice':
      return (
        <select
          {...control}
          value={text}
          onChange={(event) => onChange(schema.enum?.find((choice) => String(choice) === event.target.value))}
        >
          {isNeeded ? null : <option value="">–</option>}
          {schema.enum?.map((choice) => (
            <option key={String(choice)} value={String(choice)}>
              {String(choice)}
            </option>
          ))}
        </select>
      );
    case 'number':
      return (
        <input
          {...control}
          type="number"
          min={schema.minimum}
          max={schema.maximum}
          value={text}
          onChange={(event) => onChange(event.target.value === '' ? undefined : Number(event.target.value))}
        />
      );
    case 'long':
      return (
        <textarea
          {...control}
          rows={4}
          value={text}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
        />
      );
    case 'lines':
      return (
        <TextAs
          control={control}
          initial={Array.isArray(value) ? value.join('\n') : ''}
          hint="One a line"
          read={linesOf}
          onChange={onChange}
        />
      );
    case 'pairs':
      return (
        <TextAs
          control={control}
          initial={pairsText(value as Record<string, unknown> | undefined)}
          hint="name: value"
          read={pairsOf}
          onChange={onChange}
        />
      );
    case 'json':
      return (
        <TextAs
          control={control}
          initial={value === undefined ? '' : JSON.stringify(value)}
          hint="JSON"
          read={jsonOf}
          onChange={onChange}
        />
      );
    default:
      return (
        <input
          {...control}
          type="text"
          value={text}
          onChange={(event) => onChange(event.target.value === '' ? undefined : event.target.value)}
        />
      );
  }
}

/** What is no JSON yet is sent as text; the server says where it is wrong. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A text that stands for something else; what was typed stays as it was typed. */
function TextAs({
  control,
  initial,
  hint,
  read,
  onChange,
}: {
  readonly control: ControlProps['control'];
  readonly initial: string;
  readonly hint: string;
  readonly read: (text: string) => unknown;
  readonly onChange: (value: unknown) => void;
}) {
  const [text, setText] = useState(initial);
  return (
    <textarea
      {...control}
      rows={3}
      placeholder={hint}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
        onChange(event.target.value.trim() === '' ? undefined : read(event.target.value));
      }}
    />
  );
}
