import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useId, useState } from 'react';
import { api } from '../api.ts';
import { linesOf } from './schema-form.ts';

/** Conditions, one a line; the server reads along and says where a mistake is. */
export function Conditions({
  type,
  initial,
  fallback,
  names,
  onChange,
}: {
  readonly type: string;
  readonly initial: readonly string[];
  /** Conditions of the type when there are none. */
  readonly fallback: readonly string[];
  readonly names: readonly string[];
  readonly onChange: (assertions: string[]) => void;
}) {
  const id = useId();
  const [text, setText] = useState(initial.join('\n'));
  const assertions = useDeferredValue(linesOf(text));
  const { data } = useQuery({
    queryKey: ['conditions', type, assertions],
    queryFn: ({ signal }) => api.call('checkConditions', { body: { type, assertions }, signal }),
    enabled: assertions.length > 0,
  });
  const mistakes = assertions.length === 0 ? [] : (data?.mistakes ?? []);
  return (
    <div className="field">
      <label htmlFor={id}>Conditions</label>
      <textarea
        id={id}
        className="input"
        rows={4}
        placeholder={fallback.length === 0 ? 'status in 200..299' : fallback.join('\n')}
        value={text}
        aria-invalid={mistakes.length > 0}
        aria-describedby={`${id}-hint ${id}-wrong`}
        onChange={(event) => {
          setText(event.target.value);
          onChange(linesOf(event.target.value));
        }}
      />
      <span className="hint" id={`${id}-hint`}>
        One a line; begin with <code className="mono">warn</code> to degrade instead of fail. Names: {names.join(', ')}.
        {fallback.length === 0 ? '' : ` When empty: ${fallback.join(' and ')}.`}
      </span>
      <div id={`${id}-wrong`} aria-live="polite">
        {mistakes.map(({ index, column, message }) => (
          <div className="wrong" key={`${index} ${column}`}>
            Line {index + 1}, column {column}: {message}
            <pre className="mono" style={{ margin: 0 }}>
              {assertions[index]}
              {'\n'}
              {' '.repeat(Math.max(0, column - 1))}^
            </pre>
          </div>
        ))}
      </div>
    </div>
  );
}
