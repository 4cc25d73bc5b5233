import { useQuery } from '@tanstack/react-query';
import type { SinkInput } from '@watchkeeper/model';
import { api } from '../api.ts';
import { type Problems, problemAt } from '../form/problems-of.ts';
import { Field } from '../form/SchemaFields.tsx';
import { pairsOfWhere, takingEvents, takingRollup, whereOfPairs } from './sink-input.ts';

interface TakesProps {
  readonly input: SinkInput;
  /** Where it begins can be chosen only before it has begun. */
  readonly isNew: boolean;
  readonly problems: Problems;
  readonly onChange: (input: SinkInput) => void;
}

/** What a sink takes: events by name and label, or the periods of a rollup. */
export function SinkTakes({ input, isNew, problems, onChange }: TakesProps) {
  const rollups = useQuery({ queryKey: ['rollups'], queryFn: () => api.call('listRollups'), staleTime: 60_000 });
  const known = rollups.data?.items ?? [];
  const chosen = known.find(({ name }) => name === input.rollup?.name);
  const take = (name: string) => {
    const rollup = known.find((candidate) => candidate.name === name);
    onChange(rollup === undefined ? takingEvents(input) : takingRollup(input, name, rollup.granularities[0] as string));
  };
  return (
    <fieldset>
      <legend>Takes</legend>
      <div className="field">
        <label htmlFor="sink-takes">What</label>
        <select
          id="sink-takes"
          className="input"
          value={input.rollup?.name ?? ''}
          onChange={(event) => take(event.target.value)}
        >
          <option value="">Single events</option>
          {known.map(({ name }) => (
            <option key={name} value={name}>
              Rollup {name}
            </option>
          ))}
        </select>
        {problemAt(problems, '/rollup') === undefined ? null : (
          <p className="wrong">{problemAt(problems, '/rollup')}</p>
        )}
      </div>
      {input.rollup === undefined ? (
        <Events {...{ input, problems, onChange }} />
      ) : (
        <div className="field">
          <label htmlFor="sink-granularity">Periods of</label>
          <select
            id="sink-granularity"
            className="input"
            value={input.rollup.granularity}
            onChange={(event) => onChange(takingRollup(input, input.rollup?.name ?? '', event.target.value))}
          >
            {(chosen?.granularities ?? [input.rollup.granularity]).map((granularity) => (
              <option key={granularity} value={granularity}>
                {granularity}
              </option>
            ))}
          </select>
        </div>
      )}
      {isNew ? (
        <Field
          title="Begin with the oldest that is kept, not only with what comes from now on"
          schema={{ type: 'boolean' }}
          isNeeded={false}
          value={input.begin === 'oldest'}
          problem={problems.get('/begin')}
          onChange={(oldest) => onChange({ ...input, begin: oldest === true ? 'oldest' : 'now' })}
        />
      ) : null}
    </fieldset>
  );
}

function Events({ input, problems, onChange }: Omit<TakesProps, 'isNew'>) {
  const events = input.events ?? {};
  return (
    <>
      <Field
        title="Names of events"
        schema={{
          type: 'array',
          items: { type: 'string' },
          description: 'One a line; openstack.* takes all that begin so; empty means all',
        }}
        isNeeded={false}
        value={events.names}
        problem={problemAt(problems, '/events/names')}
        onChange={(names) =>
          onChange({ ...input, events: { ...events, names: Array.isArray(names) ? (names as string[]) : [] } })
        }
      />
      <Field
        title="Only with"
        schema={{
          type: 'object',
          patternProperties: { '.*': { type: 'string' } },
          description: 'Dimension, attribute, outcome or reason: accepted values with commas; one a line',
        }}
        isNeeded={false}
        value={pairsOfWhere(events.where)}
        problem={problemAt(problems, '/events/where')}
        onChange={(pairs) =>
          onChange({
            ...input,
            events: { ...events, where: whereOfPairs((pairs ?? {}) as Readonly<Record<string, string>>) },
          })
        }
      />
    </>
  );
}
