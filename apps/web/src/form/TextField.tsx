import { useId } from 'react';

/** A line of text with its label, what it is, and what is wrong with it. */
export function TextField({
  title,
  hint,
  value,
  problem,
  suggestions = [],
  onChange,
}: {
  readonly title: string;
  readonly hint: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly suggestions?: readonly string[];
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{title}</label>
      <input
        id={id}
        className="input"
        autoComplete="off"
        list={suggestions.length === 0 ? undefined : `${id}-list`}
        value={value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-hint ${id}-wrong`}
        onChange={(event) => onChange(event.target.value)}
      />
      <span className="hint" id={`${id}-hint`}>
        {hint}
      </span>
      <span className="wrong" id={`${id}-wrong`}>
        {problem !== undefined && value === '' ? 'Fill this in.' : problem}
      </span>
      {suggestions.length === 0 ? null : (
        <datalist id={`${id}-list`}>
          {suggestions.map((suggestion) => (
            <option key={suggestion} value={suggestion} />
          ))}
        </datalist>
      )}
    </div>
  );
}
