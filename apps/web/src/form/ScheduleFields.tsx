import type { MonitorInput, MonitorTypeView } from '@watchkeeper/model';
import { useId } from 'react';
import { Conditions } from './Conditions.tsx';
import { type Problems, problemAt } from './problems-of.ts';
import { Field } from './SchemaFields.tsx';
import { pairsOf, pairsText } from './schema-form.ts';
import { TextField } from './TextField.tsx';

/** How often it is checked, and what is expected. */
export function ScheduleFields({
  types,
  input,
  problems,
  onChange,
}: {
  readonly types: readonly MonitorTypeView[];
  readonly input: MonitorInput;
  readonly problems: Problems;
  readonly onChange: (change: Partial<MonitorInput>) => void;
}) {
  const id = useId();
  const type = types.find(({ name }) => name === input.type);
  const labelsProblem = problemAt(problems, '/labels');
  return (
    <div className="card padded">
      <TextField
        title="Every"
        hint="From check to check, 1s to 1d"
        value={input.interval ?? ''}
        problem={problemAt(problems, '/interval')}
        onChange={(interval) => onChange({ interval })}
      />
      <TextField
        title="Timeout"
        hint="Longest time of one attempt, at most 60s; all attempts must fit the interval"
        value={input.timeout ?? ''}
        problem={problemAt(problems, '/timeout')}
        onChange={(timeout) => onChange({ timeout })}
      />
      <Field
        title="Retries"
        schema={{
          type: 'integer',
          minimum: 0,
          maximum: 5,
          description: 'Attempts after a failed one before the check counts as failed',
        }}
        isNeeded={false}
        value={input.retries}
        problem={problemAt(problems, '/retries')}
        onChange={(value) => onChange({ retries: typeof value === 'number' ? value : 0 })}
      />
      <Conditions
        key={input.type}
        type={input.type}
        initial={input.assertions ?? []}
        fallback={type?.defaultAssertions ?? []}
        names={type?.conditionNames ?? []}
        problem={problemAt(problems, '/assertions')}
        onChange={(assertions) => onChange({ assertions })}
      />
      <div className="field">
        <label htmlFor={id}>Labels</label>
        <textarea
          id={id}
          className="input"
          rows={2}
          placeholder="team: web"
          defaultValue={pairsText(input.labels)}
          aria-invalid={labelsProblem !== undefined}
          aria-describedby={`${id}-hint ${id}-wrong`}
          onChange={(event) => onChange({ labels: pairsOf(event.target.value) })}
        />
        <span className="hint" id={`${id}-hint`}>
          One a line, for searching and grouping
        </span>
        <span className="wrong" id={`${id}-wrong`}>
          {labelsProblem}
        </span>
      </div>
      <Field
        title="Paused: not checked until somebody starts it"
        schema={{ type: 'boolean' }}
        isNeeded={false}
        value={input.paused}
        problem={problemAt(problems, '/paused')}
        onChange={(paused) => onChange({ paused: paused === true })}
      />
    </div>
  );
}
