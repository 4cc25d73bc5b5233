import { Link, useNavigate } from '@tanstack/react-router';
import type { Monitor } from '@watchkeeper/model';
import { useState } from 'react';
import { api, queryClient, useMay } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { absoluteSearch } from '../search.ts';
import { RunResults } from './RunResults.tsx';

/** What can be done with a monitor; only what the one who is signed in may do. */
export function Actions({ monitor }: { readonly monitor: Monitor }) {
  const mayOperate = useMay('operator');
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const [runId, setRunId] = useState<string>();
  const [isDeleting, setDeleting] = useState(false);
  const [isCopied, setCopied] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const params = { id: monitor.id };

  const attempt = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
    } catch (problem) {
      setError(problem);
    }
  };
  const refresh = () =>
    Promise.all(
      ['monitor', 'monitor-status', 'monitors'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })),
    );
  const run = () => attempt(async () => setRunId((await api.call('runMonitor', { params, body: {} })).id));
  const toggle = () =>
    attempt(async () => {
      await api.call(monitor.paused ? 'startMonitor' : 'stopMonitor', { params, body: {} });
      await refresh();
    });
  const remove = () =>
    attempt(async () => {
      await api.call('deleteMonitor', { params, ifMatch: monitor.version });
      // What is gone must not be asked for again while the page is still there.
      await navigate({ to: '/monitors' });
      for (const key of ['monitor', 'monitor-status', 'checks'])
        queryClient.removeQueries({ queryKey: [key, monitor.id] });
      await queryClient.invalidateQueries({ queryKey: ['monitors'] });
    });
  const copy = () =>
    attempt(async () => {
      const { from, to } = absoluteSearch(Object.fromEntries(new URLSearchParams(location.search)), Date.now());
      const address = new URL(location.href);
      address.searchParams.set('from', from ?? '');
      address.searchParams.set('to', to ?? '');
      await navigator.clipboard.writeText(address.href);
      setCopied(true);
    });
  return (
    <div className="acts">
      {mayOperate ? (
        <>
          <button type="button" className="btn" onClick={() => void run()}>
            <Icon name="player-play" />
            Run now
          </button>
          <button type="button" className="btn" onClick={() => void toggle()}>
            <Icon name={monitor.paused ? 'player-play' : 'player-pause'} />
            {monitor.paused ? 'Start' : 'Pause'}
          </button>
        </>
      ) : null}
      {mayEdit ? (
        <Link className="btn" to="/monitors/$id/edit" params={params}>
          <Icon name="pencil" />
          Edit
        </Link>
      ) : null}
      <button type="button" className="btn" onClick={() => void copy()}>
        <Icon name={isCopied ? 'check' : 'link'} />
        {isCopied ? 'Copied' : 'Copy link'}
      </button>
      {mayEdit ? (
        <button type="button" className="btn danger" onClick={() => setDeleting(true)}>
          <Icon name="trash" />
          Delete
        </button>
      ) : null}
      {error === null ? null : (
        <Dialog title="It was not done" onClose={() => setError(null)}>
          <Failure error={error} />
          <footer>
            <button type="button" className="btn" onClick={() => setError(null)}>
              Close
            </button>
          </footer>
        </Dialog>
      )}
      {runId === undefined ? null : (
        <Dialog title={`Checked now: ${monitor.name}`} onClose={() => setRunId(undefined)}>
          <RunResults id={runId} />
          <footer>
            <button type="button" className="btn" onClick={() => setRunId(undefined)}>
              Close
            </button>
          </footer>
        </Dialog>
      )}
      {isDeleting ? (
        <Dialog title={`Delete ${monitor.name}?`} onClose={() => setDeleting(false)}>
          <p>It is no longer checked, and its alert ends. Its events stay until retention drops them.</p>
          <footer>
            <button type="button" className="btn" onClick={() => setDeleting(false)}>
              Cancel
            </button>
            <button type="button" className="btn danger" onClick={() => void remove()}>
              Delete the monitor
            </button>
          </footer>
        </Dialog>
      ) : null}
    </div>
  );
}
