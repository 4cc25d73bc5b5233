import { Link, useNavigate } from '@tanstack/react-router';
import { ProblemError } from '@watchkeeper/client';
import type { Monitor, MonitorInput, MonitorTypeView, Zone } from '@watchkeeper/model';
import { type FormEvent, useRef, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { RunResults } from '../monitor/RunResults.tsx';
import { Conflict } from './Conflict.tsx';
import { inputOf, newInput } from './monitor-input.ts';
import { NotSaved } from './NotSaved.tsx';
import { problemsOf } from './problems-of.ts';
import { ScheduleFields } from './ScheduleFields.tsx';
import { TargetFields } from './TargetFields.tsx';
import { useShowWrong } from './use-show-wrong.ts';

/** Makes a monitor, or changes one. It can be tried from its zones before it is saved. */
export function MonitorForm({
  types,
  zones,
  present,
}: {
  readonly types: readonly MonitorTypeView[];
  readonly zones: readonly Zone[];
  readonly present?: Monitor;
}) {
  const navigate = useNavigate();
  const [base, setBase] = useState(present);
  const [input, setInput] = useState<MonitorInput>(() =>
    present === undefined ? newInput(types, zones) : inputOf(present),
  );
  // Rises when all fields are filled anew.
  const [filling, fill] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const [runId, setRunId] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const results = useRef<HTMLElement>(null);
  const problems = problemsOf(error);
  const isConflict = error instanceof ProblemError && error.problem.code === 'precondition_failed';
  const set = (change: Partial<MonitorInput>) => setInput((before) => ({ ...before, ...change }));

  useShowWrong(form, error);
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
  const read = (id: string) => api.call('getMonitor', { params: { id } });
  const put = async (version: number | undefined) => {
    const saved =
      base === undefined || version === undefined
        ? await api.call('createMonitor', { body: input })
        : await api.call('replaceMonitor', { params: { id: base.id }, ifMatch: version, body: input });
    await queryClient.invalidateQueries();
    await navigate({ to: '/monitors/$id', params: { id: saved.id } });
  };
  const test = () =>
    attempt(async () => {
      // A monitor can be tried before it has a name.
      const { name, service, environment } = input;
      const body = { ...input, name: name || 'test', service: service || 'test', environment: environment || 'test' };
      setRunId((await api.call('testMonitor', { body })).id);
      requestAnimationFrame(() => results.current?.scrollIntoView({ block: 'center' }));
    });
  const takeTheirs = () =>
    attempt(async () => {
      if (base === undefined) return;
      const theirs = await read(base.id);
      setBase(theirs);
      setInput(inputOf(theirs));
      fill((count) => count + 1);
    });
  const saveMine = () =>
    attempt(async () => {
      if (base !== undefined) await put((await read(base.id)).version);
    });
  const save = (event: FormEvent) => {
    event.preventDefault();
    void attempt(() => put(base?.version));
  };
  return (
    <form ref={form} onSubmit={save} className="monitor-form" noValidate>
      <h1 className="h1">{base === undefined ? 'New monitor' : `Edit ${base.name}`}</h1>
      {isConflict ? (
        <Conflict isBusy={isBusy} onTheirs={() => void takeTheirs()} onMine={() => void saveMine()} />
      ) : error === null ? null : (
        <NotSaved error={error} problems={problems} />
      )}
      <div className="grid" key={filling}>
        <TargetFields {...{ types, zones, input, problems }} onChange={set} />
        <div className="col">
          <ScheduleFields {...{ types, input, problems }} onChange={set} />
          {runId === undefined ? null : (
            <section className="card" ref={results}>
              <header>
                <h2 className="h2">What the zones see</h2>
              </header>
              <RunResults key={runId} id={runId} />
            </section>
          )}
        </div>
      </div>
      <div className="actions">
        <button type="button" className="btn" disabled={isBusy} onClick={() => void test()}>
          Test from all zones
        </button>
        <span className="sp" />
        {base === undefined ? (
          <Link className="btn" to="/monitors">
            Cancel
          </Link>
        ) : (
          <Link className="btn" to="/monitors/$id" params={{ id: base.id }}>
            Cancel
          </Link>
        )}
        <button type="submit" className="btn primary" disabled={isBusy}>
          {base === undefined ? 'Create monitor' : 'Save'}
        </button>
      </div>
    </form>
  );
}
