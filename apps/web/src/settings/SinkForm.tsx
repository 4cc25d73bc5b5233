import { useQuery } from '@tanstack/react-query';
import type { Sink, SinkInput } from '@watchkeeper/model';
import { type FormEvent, useRef, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { type Problems, problemsBeside, problemsOf } from '../form/problems-of.ts';
import { Field, SchemaFields } from '../form/SchemaFields.tsx';
import { type FieldSchema, initialOf, withValue } from '../form/schema-form.ts';
import { TypeFields } from '../form/TypeFields.tsx';
import { useShowWrong } from '../form/use-show-wrong.ts';
import { SinkTakes } from './SinkTakes.tsx';
import { inputOfSink } from './sink-input.ts';

/** Every place of the body that has a field here. */
const shownPointers = [
  ...['/name', 'path:name', '/type', '/options', '/events', '/rollup', '/mapping', '/begin', '/paused'],
  ...['/batchEvents', '/batchWait', '/retryFirst', '/retryLongest', '/timeout'],
];

/** How it goes out; folded away until somebody wants it. */
const going: FieldSchema = {
  type: 'object',
  properties: {
    batchEvents: { type: 'integer', title: 'Most events at once', default: 1000, minimum: 1, maximum: 10_000 },
    batchWait: { type: 'string', title: 'Longest wait for more', description: '0s to 10m', default: '1s' },
    retryFirst: { type: 'string', title: 'Pause after a failure', description: '100ms to 1h', default: '1s' },
    retryLongest: { type: 'string', title: 'Longest pause', description: '100ms to 1h', default: '1m' },
    timeout: { type: 'string', title: 'Longest time of an attempt', description: '100ms to 5m', default: '10s' },
  },
};
const naming: FieldSchema = {
  type: 'object',
  properties: {
    name: {
      type: 'string',
      title: 'Name outside',
      description: '{name} and labels in braces are filled in',
      default: '{name}',
    },
    keep: {
      type: 'array',
      items: { type: 'string' },
      title: 'Labels that go out',
      description: 'One a line; empty means all',
      default: [],
    },
    rename: {
      type: 'object',
      patternProperties: { '.*': { type: 'string' } },
      title: 'Renamed',
      description: 'Label or value: name outside',
      default: {},
    },
  },
};

/** Makes or changes a sink; the fields of its options come from the type's schema. */
export function SinkForm({ present, onClose }: { readonly present?: Sink; readonly onClose: () => void }) {
  const types = useQuery({ queryKey: ['sink-types'], queryFn: () => api.call('listSinkTypes'), staleTime: 600_000 });
  return (
    <Dialog title={present === undefined ? 'New sink' : `Edit ${present.name}`} onClose={onClose}>
      {types.error === null ? null : <Failure error={types.error} />}
      {types.data === undefined ? null : (
        <Form types={types.data.items} {...(present === undefined ? {} : { present })} onClose={onClose} />
      )}
    </Dialog>
  );
}

type Types = Awaited<ReturnType<typeof api.call<'listSinkTypes'>>>['items'];

function Form({
  types,
  present,
  onClose,
}: {
  readonly types: Types;
  readonly present?: Sink;
  readonly onClose: () => void;
}) {
  const [input, setInput] = useState<SinkInput>(() => firstInput(types, present));
  const [error, setError] = useState<unknown>(null);
  const form = useRef<HTMLFormElement>(null);
  useShowWrong(form, error);
  const problems: Problems = problemsOf(error);
  const set = (change: Partial<SinkInput>) => setInput((before) => ({ ...before, ...change }));
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const version = present === undefined ? {} : { ifMatch: present.version };
      await api.call('putSink', { params: { name: input.name }, body: input, ...version });
      await queryClient.invalidateQueries({ queryKey: ['sinks'] });
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
        id="sink-type"
        types={types}
        input={input}
        problems={problems}
        onChange={(change) => setInput((before) => ({ ...before, ...change(before) }))}
      />
      <SinkTakes input={input} isNew={present === undefined} problems={problems} onChange={setInput} />
      <details>
        <summary>Names outside</summary>
        <SchemaFields
          schema={naming}
          values={input.mapping ?? {}}
          pointer="/mapping"
          problems={problems}
          onChange={(path, value) =>
            setInput((before) => ({ ...before, mapping: withValue(before.mapping ?? {}, path, value) }))
          }
        />
      </details>
      <details>
        <summary>Batches and attempts</summary>
        <SchemaFields
          schema={going}
          values={input}
          pointer=""
          problems={problems}
          onChange={(path, value) => setInput((before) => withValue(before, path, value) as SinkInput)}
        />
      </details>
      <Field
        title="Paused: nothing goes out, and it goes on where it was"
        schema={{ type: 'boolean' }}
        isNeeded={false}
        value={input.paused}
        problem={problems.get('/paused')}
        onChange={(paused) => set({ paused: paused === true })}
      />
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="btn primary">
          {present === undefined ? 'Make the sink' : 'Save'}
        </button>
      </footer>
    </form>
  );
}

function firstInput(types: Types, present: Sink | undefined): SinkInput {
  if (present !== undefined) return inputOfSink(present);
  const type = types.find(({ name }) => name === 'influxdb') ?? types[0];
  return {
    name: '',
    type: type?.name ?? '',
    options: initialOf((type?.options ?? {}) as FieldSchema),
    events: { names: [], where: {} },
    begin: 'now',
    paused: false,
    mapping: initialOf(naming),
    ...initialOf(going),
  };
}
