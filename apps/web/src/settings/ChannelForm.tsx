import { useQuery } from '@tanstack/react-query';
import type { AlertChannel, AlertChannelInput } from '@watchkeeper/model';
import { type State, states, stateTitles } from '@watchkeeper/model/light';
import { type FormEvent, useRef, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { problemAt, problemsBeside, problemsOf } from '../form/problems-of.ts';
import { Field } from '../form/SchemaFields.tsx';
import { type FieldSchema, initialOf } from '../form/schema-form.ts';
import { TypeFields } from '../form/TypeFields.tsx';
import { useShowWrong } from '../form/use-show-wrong.ts';

const offered: readonly State[] = states.filter(
  (state) => state === 'failed' || state === 'degraded' || state === 'unknown',
);

/** Every place of the body that has a field here. */
const shownPointers = [
  '/name',
  'path:name',
  '/type',
  '/options',
  '/states',
  '/environments',
  '/services',
  '/groupWait',
  '/resolved',
  '/paused',
];

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
  const form = useRef<HTMLFormElement>(null);
  useShowWrong(form, error);
  const problems = problemsOf(error);
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
    <form ref={form} onSubmit={(event) => void save(event)} noValidate>
      {error === null ? null : <Failure error={error} details={problemsBeside(problems, shownPointers)} />}
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
      <TypeFields
        id="channel-type"
        types={types}
        input={input}
        problems={problems}
        onChange={(change) => setInput((before) => ({ ...before, ...change(before) }))}
      />
      <fieldset>
        <legend>Tell when a service is</legend>
        <div className="checks-row">
          {offered.map((state) => (
            <label key={state} className="check light">
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
        {problemAt(problems, '/states') === undefined ? null : (
          <p className="wrong">{problemAt(problems, '/states')}</p>
        )}
      </fieldset>
      <Field
        title="Only of these environments"
        schema={{ type: 'array', items: { type: 'string' }, description: 'One a line; empty means all' }}
        isNeeded={false}
        value={input.environments}
        problem={problemAt(problems, '/environments')}
        onChange={(environments) => set({ environments: linesIn(environments) })}
      />
      <Field
        title="Only of these services"
        schema={{ type: 'array', items: { type: 'string' }, description: 'One a line; empty means all' }}
        isNeeded={false}
        value={input.services}
        problem={problemAt(problems, '/services')}
        onChange={(services) => set({ services: linesIn(services) })}
      />
      <Field
        title="Wait before telling"
        schema={{ type: 'string', description: 'For more of the same, so that they go in one message; 0s to 10m' }}
        isNeeded={false}
        value={input.groupWait}
        problem={problemAt(problems, '/groupWait')}
        onChange={(groupWait) => set({ groupWait: String(groupWait ?? '') })}
      />
      <Field
        title="Tell also when it is over"
        schema={{ type: 'boolean' }}
        isNeeded={false}
        value={input.resolved}
        problem={undefined}
        onChange={(resolved) => set({ resolved: resolved === true })}
      />
      <Field
        title="Paused: nobody is told through it"
        schema={{ type: 'boolean' }}
        isNeeded={false}
        value={input.paused}
        problem={problemAt(problems, '/paused')}
        onChange={(paused) => set({ paused: paused === true })}
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

const linesIn = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);

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
    environments: [],
    services: [],
    groupWait: '2s',
    resolved: true,
    paused: false,
  };
}
