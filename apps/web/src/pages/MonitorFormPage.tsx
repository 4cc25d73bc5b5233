import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import type { Monitor, MonitorInput } from '@watchkeeper/model';
import { type FormEvent, useState } from 'react';
import { api, queryClient, useMay, useOverview, useZones } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { Conditions } from '../form/Conditions.tsx';
import { problemsOf } from '../form/problems-of.ts';
import { Field, SchemaFields } from '../form/SchemaFields.tsx';
import { type FieldSchema, initialOf, pairsOf, pairsText, withValue } from '../form/schema-form.ts';
import { RunResults } from '../monitor/RunResults.tsx';
import { defaultFrom } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../monitor/monitor.css';

const useTypes = () =>
  useQuery({ queryKey: ['monitor-types'], queryFn: () => api.call('listMonitorTypes'), staleTime: 600_000 });

export function NewMonitorPage() {
  useCrumbs({ title: 'Monitors', to: '/monitors' }, { title: 'New monitor' });
  return <Loaded />;
}

export function EditMonitorPage() {
  const { id } = useParams({ from: '/shell/monitors/$id/edit' });
  const monitor = useQuery({ queryKey: ['monitor', id], queryFn: () => api.call('getMonitor', { params: { id } }) });
  useCrumbs(
    { title: 'Monitors', to: '/monitors' },
    { title: monitor.data?.name ?? '', to: `/monitors/${id}` },
    { title: 'Edit' },
  );
  if (monitor.error !== null) return <Failure error={monitor.error} onRetry={() => void monitor.refetch()} />;
  return monitor.data === undefined ? (
    <Skeleton height={500} />
  ) : (
    <Loaded key={monitor.data.version} present={monitor.data} />
  );
}

function Loaded({ present }: { readonly present?: Monitor }) {
  const types = useTypes();
  const zones = useZones();
  const mayEdit = useMay('editor');
  if (types.error !== null) return <Failure error={types.error} onRetry={() => void types.refetch()} />;
  if (types.data === undefined || zones.data === undefined) return <Skeleton height={500} />;
  if (!mayEdit)
    return (
      <Empty
        sentence="To change monitors, the role editor is needed."
        action={
          <Link className="btn" to="/monitors">
            Monitors
          </Link>
        }
      />
    );
  return (
    <MonitorForm types={types.data.items} zones={zones.data.items} {...(present === undefined ? {} : { present })} />
  );
}

type Types = NonNullable<ReturnType<typeof useTypes>['data']>['items'];
type Zones = NonNullable<ReturnType<typeof useZones>['data']>['items'];

function inputOf(present: Monitor | undefined, types: Types, zones: Zones): MonitorInput {
  if (present !== undefined) {
    const { id: _id, tenant: _tenant, version: _version, createdAt: _created, updatedAt: _updated, ...input } = present;
    return input;
  }
  const type = types.find(({ name }) => name === 'http') ?? types[0];
  const watched = zones.filter((zone) => zone.watched).map(({ name }) => name);
  return {
    name: '',
    service: '',
    environment: '',
    type: type?.name ?? '',
    options: initialOf((type?.options ?? {}) as FieldSchema),
    zones: watched.includes('local') ? ['local'] : watched.slice(0, 1),
    interval: '30s',
    timeout: '5s',
    retries: 0,
    assertions: [],
    labels: {},
    paused: false,
  };
}

function MonitorForm({
  types,
  zones,
  present,
}: {
  readonly types: Types;
  readonly zones: Zones;
  readonly present?: Monitor;
}) {
  const navigate = useNavigate();
  const [input, setInput] = useState<MonitorInput>(() => inputOf(present, types, zones));
  const [error, setError] = useState<unknown>(null);
  const [runId, setRunId] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const overview = useOverview(undefined, defaultFrom, 'now').data;
  const problems = problemsOf(error);
  const type = types.find(({ name }) => name === input.type);
  const set = (change: Partial<MonitorInput>) => setInput((before) => ({ ...before, ...change }));

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  const test = () =>
    attempt(async () => {
      const body = {
        ...input,
        name: input.name || 'test',
        service: input.service || 'test',
        environment: input.environment || 'test',
      };
      setRunId((await api.call('testMonitor', { body })).id);
    });
  const save = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      const saved =
        present === undefined
          ? await api.call('createMonitor', { body: input })
          : await api.call('replaceMonitor', { params: { id: present.id }, ifMatch: present.version, body: input });
      await queryClient.invalidateQueries();
      await navigate({ to: '/monitors/$id', params: { id: saved.id } });
    });
  };
  const field = (
    name: 'name' | 'service' | 'environment' | 'interval' | 'timeout',
    title: string,
    description: string,
    list?: string,
  ) => (
    <div className="field">
      <label htmlFor={`m-${name}`}>{title}</label>
      <input
        id={`m-${name}`}
        className="input"
        list={list}
        value={input[name] ?? ''}
        aria-invalid={problems.has(`/${name}`)}
        aria-describedby={`m-${name}-hint`}
        onChange={(event) => set({ [name]: event.target.value })}
      />
      <span className="hint" id={`m-${name}-hint`}>
        {description}
      </span>
      {problems.has(`/${name}`) ? (
        <span className="wrong" role="alert">
          {problems.get(`/${name}`)}
        </span>
      ) : null}
    </div>
  );
  return (
    <form onSubmit={save} style={{ maxWidth: 1080 }}>
      <h1 className="h1" style={{ marginBottom: 14 }}>
        {present === undefined ? 'New monitor' : `Edit ${present.name}`}
      </h1>
      {error === null ? null : <Failure error={error} />}
      <div className="grid">
        <div className="card" style={{ padding: 18 }}>
          {field('name', 'Name', 'What people call it; unique')}
          {field('service', 'Service', 'What users call the thing, as one word; made when it is not there', 'services')}
          {field(
            'environment',
            'Environment',
            'What is watched: a cloud, a region, a product; made when it is not there',
            'environments',
          )}
          <datalist id="services">
            {overview?.services.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <datalist id="environments">
            {overview?.environments.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <fieldset>
            <legend>Zones</legend>
            <div className="row" style={{ flexWrap: 'wrap', gap: '8px 18px', marginBottom: 10 }}>
              {zones.map((zone) => (
                <label key={zone.name} className="check" style={{ fontWeight: 500 }}>
                  <input
                    type="checkbox"
                    checked={input.zones?.includes(zone.name) === true}
                    onChange={(event) =>
                      set({
                        zones: event.target.checked
                          ? [...(input.zones ?? []), zone.name]
                          : (input.zones ?? []).filter((name) => name !== zone.name),
                      })
                    }
                  />
                  {zone.title}
                  {zone.watched ? null : <span className="dim">(nobody watches from there now)</span>}
                </label>
              ))}
            </div>
            {problems.has('/zones') ? <span className="wrong">{problems.get('/zones')}</span> : null}
          </fieldset>
          <div className="field">
            <label htmlFor="m-type">Type</label>
            <select
              id="m-type"
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
        </div>
        <div className="col">
          <div className="card" style={{ padding: 18 }}>
            {field('interval', 'Every', 'From check to check, 1s to 1d')}
            {field('timeout', 'Timeout', 'Longest time of one attempt, at most 60s')}
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
              problem={problems.get('/retries')}
              onChange={(value) => set({ retries: typeof value === 'number' ? value : 0 })}
            />
            <Conditions
              key={`conditions ${input.type}`}
              type={input.type}
              initial={input.assertions ?? []}
              fallback={type?.defaultAssertions ?? []}
              names={type?.conditionNames ?? []}
              onChange={(assertions) => set({ assertions })}
            />
            <div className="field">
              <label htmlFor="m-labels">Labels</label>
              <textarea
                id="m-labels"
                className="input"
                rows={2}
                placeholder="team: web"
                defaultValue={pairsText(input.labels)}
                onChange={(event) => set({ labels: pairsOf(event.target.value) })}
              />
              {problems.has('/labels') ? <span className="wrong">{problems.get('/labels')}</span> : null}
            </div>
          </div>
          {runId === undefined ? null : (
            <section className="card">
              <header>
                <h2 className="h2">What the zones see</h2>
              </header>
              <RunResults key={runId} id={runId} />
            </section>
          )}
          <div className="row" style={{ flexWrap: 'wrap' }}>
            <button type="button" className="btn" disabled={isBusy} onClick={() => void test()}>
              Test from all zones
            </button>
            <span className="sp" />
            {present === undefined ? (
              <Link className="btn" to="/monitors">
                Cancel
              </Link>
            ) : (
              <Link className="btn" to="/monitors/$id" params={{ id: present.id }}>
                Cancel
              </Link>
            )}
            <button type="submit" className="btn primary" disabled={isBusy}>
              {present === undefined ? 'Create monitor' : 'Save'}
            </button>
          </div>
        </div>
      </div>
    </form>
  );
}
