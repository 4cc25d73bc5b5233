import { type ReactNode, useEffect, useId, useState } from 'react';
import { type Problems, problemAt } from './problems-of.ts';
import { type FieldSchema, isChanged, isNeeded, kindOf, linesOf, pairsOf, pairsText } from './schema-form.ts';

export interface FieldsProps {
  readonly schema: FieldSchema;
  readonly values: Readonly<Record<string, unknown>>;
  /** JSON pointer of the object: `/options`. */
  readonly pointer: string;
  /** What is wrong, by JSON pointer. */
  readonly problems: Problems;
  readonly onChange: (path: readonly string[], value: unknown) => void;
}

/** All fields that a schema describes: those that must be filled in first, the others folded away until they are wanted. */
export function SchemaFields(props: FieldsProps) {
  const { schema, values, pointer, problems } = props;
  const names = Object.keys(schema.properties ?? {});
  const needed = names.filter((name) => isNeeded(schema, name));
  const others = names.filter((name) => !needed.includes(name));
  if (needed.length === 0 || others.length < 3) return <FieldsOf {...props} names={names} />;
  const isWanted = others.some(
    (name) =>
      isChanged(schema.properties?.[name], values[name]) || problemAt(problems, `${pointer}/${name}`) !== undefined,
  );
  return (
    <>
      <FieldsOf {...props} names={needed} />
      <MoreFields isWanted={isWanted} count={others.length}>
        <FieldsOf {...props} names={others} />
      </MoreFields>
    </>
  );
}

function MoreFields({
  isWanted,
  count,
  children,
}: {
  readonly isWanted: boolean;
  readonly count: number;
  readonly children: ReactNode;
}) {
  const [isOpen, open] = useState(isWanted);
  useEffect(() => {
    if (isWanted) open(true);
  }, [isWanted]);
  return (
    <details open={isOpen} onToggle={(event) => open(event.currentTarget.open)}>
      <summary>{count} more options</summary>
      {children}
    </details>
  );
}

function FieldsOf({ schema, values, pointer, problems, onChange, names }: FieldsProps & { readonly names: string[] }) {
  return names.map((name) => {
    const property = schema.properties?.[name] ?? {};
    const place = `${pointer}/${name}`;
    if (kindOf(property) === 'group') {
      return (
        <fieldset key={name}>
          <legend>{property.title ?? name}</legend>
          <FieldsOf
            schema={property}
            names={Object.keys(property.properties ?? {})}
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
        isNeeded={isNeeded(schema, name)}
        value={values[name]}
        problem={problemAt(problems, place)}
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
          <input
            type="checkbox"
            checked={value === true}
            aria-invalid={problem !== undefined}
            aria-describedby={control['aria-describedby']}
            onChange={(event) => onChange(event.target.checked)}
          />
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
