import { useQuery } from '@tanstack/react-query';
import type { AlertChannel, AlertChannelInput } from '@watchkeeper/model';
import { type State, states, stateTitles } from '@watchkeeper/model/light';
import { type FormEvent, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { problemsOf } from '../form/problems-of.ts';
import { Field, SchemaFields } from '../form/SchemaFields.tsx';
import { type FieldSchema, initialOf, withValue } from '../form/schema-form.ts';

const offered: readonly State[] = states.filter(
  (state) => state === 'failed' || state === 'degraded' || state === 'unknown',
);

/** Makes or changes a channel; the fields of its options come from the type's schema. */
export function ChannelForm({ present, onClose }: { readonly present?: AlertChannel; readonly onClose: () => void }) {
  const types = useQuery({
    queryKey: ['channel-types'],
    queryFn: () => api.call('listAlertChannelTypes'),
    staleTime: 600_000,
  });
  return (
    <Dialog title={present === undefined ? 'New channel' : `Edit ${present.name}`} onClose={onClose}>
      {types.error === null ? null : <Failure error={types.error} />}
      {types.data === undefined ? null : (
        <Form types={types.data.items} {...(present === undefined ? {} : { present })} onClose={onClose} />
      )}
    </Dialog>
  );
}

type Types = Awaited<ReturnType<typeof api.call<'listAlertChannelTypes'>>>['items'];

function Form({
  types,
  present,
  onClose,
}: {
  readonly types: Types;
  readonly present?: AlertChannel;
  readonly onClose: () => void;
}) {
  const [input, setInput] = useState<AlertChannelInput>(() => inputOf(types, present));
  const [error, setError] = useState<unknown>(null);
  const problems = problemsOf(error);
  const type = types.find(({ name }) => name === input.type);
  const set = (change: Partial<AlertChannelInput>) => setInput((before) => ({ ...before, ...change }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const version = present === undefined ? {} : { ifMatch: present.version };
      await api.call('putAlertChannel', { params: { name: input.name }, body: input, ...version });
      await queryClient.invalidateQueries({ queryKey: ['channels'] });
      onClose();
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      {error === null ? null : <Failure error={error} />}
      {present === undefined ? (
        <Field
          title="Name"
          schema={{ type: 'string', description: 'Lower-case letters, digits, dots and dashes' }}
          isNeeded
          value={input.name}
          problem={problems.get('/name') ?? problems.get('path:name')}
          onChange={(name) => set({ name: String(name ?? '') })}
        />
      ) : null}
      <div className="field">
        <label htmlFor="channel-type">Type</label>
        <select
          id="channel-type"
          className="input"
          value={input.type}
          onChange={(event) => {
            const chosen = types.find(({ name }) => name === event.target.value);
            set({ type: event.target.value, options: initialOf((chosen?.options ?? {}) as FieldSchema) });
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
        schema={(type?.options ?? {}) as FieldSchema}
        values={input.options}
        pointer="/options"
        problems={problems}
        onChange={(path, value) =>
          setInput((before) => ({ ...before, options: withValue(before.options, path, value) }))
        }
      />
      <fieldset>
        <legend>Tell when a service is</legend>
        <div className="row" style={{ gap: 18, marginBottom: 10, flexWrap: 'wrap' }}>
          {offered.map((state) => (
            <label key={state} className="check" style={{ fontWeight: 500 }}>
              <input
                type="checkbox"
                checked={input.states?.includes(state) === true}
                onChange={(event) =>
                  set({
                    states: event.target.checked
                      ? [...(input.states ?? []), state]
                      : (input.states ?? []).filter((other) => other !== state),
                  })
                }
              />
              {stateTitles[state]}
            </label>
          ))}
        </div>
        {problems.has('/states') ? <span className="wrong">{problems.get('/states')}</span> : null}
      </fieldset>
      <Field
        title="Tell also when it is over"
        schema={{ type: 'boolean' }}
        isNeeded={false}
        value={input.resolved}
        problem={undefined}
        onChange={(resolved) => set({ resolved: resolved === true })}
      />
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="btn primary">
          {present === undefined ? 'Make the channel' : 'Save'}
        </button>
      </footer>
    </form>
  );
}

function inputOf(types: Types, present: AlertChannel | undefined): AlertChannelInput {
  if (present !== undefined) {
    const { tenant: _tenant, version: _version, lastDelivery: _last, ...input } = present;
    return input;
  }
  const type = types.find(({ name }) => name === 'webhook') ?? types[0];
  return {
    name: '',
    type: type?.name ?? '',
    options: initialOf((type?.options ?? {}) as FieldSchema),
    states: ['failed'],
    resolved: true,
  };
}
