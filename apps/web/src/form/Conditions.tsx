import { useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { api } from '../api.ts';
import { conditionLines } from './condition-lines.ts';
import { useSettled } from './use-settled.ts';

/** Conditions, one a line; the server reads along and says where a mistake is. */
export function Conditions({
  type,
  initial,
  fallback,
  names,
  problem,
  onChange,
}: {
  readonly type: string;
  readonly initial: readonly string[];
  /** Conditions of the type when there are none. */
  readonly fallback: readonly string[];
  readonly names: readonly string[];
  /** What was wrong when it was saved. */
  readonly problem: string | undefined;
  readonly onChange: (assertions: string[]) => void;
}) {
  const id = useId();
  const [text, setText] = useState(initial.join('\n'));
  const settled = useSettled(text);
  const lines = useMemo(() => conditionLines(settled), [settled]);
  const assertions = lines.map((line) => line.text);
  const { data, error } = useQuery({
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
        spellCheck={false}
        placeholder={fallback.length === 0 ? 'durationMs < 500' : fallback.join('\n')}
        value={text}
        aria-invalid={mistakes.length > 0}
        aria-describedby={`${id}-hint ${id}-wrong`}
        onChange={(event) => {
          setText(event.target.value);
          onChange(conditionLines(event.target.value).map((line) => line.text));
        }}
      />
      <span className="hint" id={`${id}-hint`}>
        One a line; begin with <code className="mono">warn</code> to degrade instead of fail. Names: {names.join(', ')}.
        {fallback.length === 0 ? '' : ` When empty: ${fallback.join(' and ')}.`}
      </span>
      <div id={`${id}-wrong`} aria-live="polite">
        {mistakes.map(({ index, column, message }) => {
          const place = lines[index];
          if (place === undefined) return null;
          return (
            <div className="wrong" key={`${index} ${column}`}>
              Line {place.line}, column {place.indent + column}: {message}
              <pre className="mono pointer">
                {place.text}
                {'\n'}
                {' '.repeat(Math.max(0, column - 1))}^
              </pre>
            </div>
          );
        })}
        {mistakes.length === 0 && problem !== undefined ? <div className="wrong">{problem}</div> : null}
        {error === null ? null : <div className="wrong">They cannot be checked now: {error.message}</div>}
      </div>
    </div>
  );
}
