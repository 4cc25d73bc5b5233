import { countText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, queryClient, useMay } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import type { IconName } from '../components/icon-paths.ts';
import type { MonitorFilter } from './use-monitor-pages.ts';

const actions = ['start', 'stop', 'delete'] as const;
type Action = (typeof actions)[number];

const words: Readonly<Record<Action, { readonly verb: string; readonly effect: string; readonly icon: IconName }>> = {
  start: { verb: 'Start', effect: 'They are checked on their schedule again.', icon: 'player-play' },
  stop: {
    verb: 'Pause',
    effect: 'They are not checked, and tell nobody, until somebody starts them.',
    icon: 'player-pause',
  },
  delete: {
    verb: 'Delete',
    effect: 'They are gone for good; their events stay until retention drops them.',
    icon: 'trash',
  },
};

const monitorsText = (count: number) => `${countText(count)} ${count === 1 ? 'monitor' : 'monitors'}`;

/** Acts on the filter: asks the server how many each action would change before any is offered. */
export function BulkActions({ filter, total }: { readonly filter: MonitorFilter; readonly total: number }) {
  const mayOperate = useMay('operator');
  const [isOpen, open] = useState(false);
  if (!mayOperate || total === 0) return null;
  return (
    <>
      <button type="button" className="btn" onClick={() => open(true)}>
        With all {countText(total)} …
      </button>
      {isOpen ? <BulkDialog filter={filter} onClose={() => open(false)} /> : null}
    </>
  );
}

type Counts = Readonly<Record<Action, number>>;

function BulkDialog({ filter, onClose }: { readonly filter: MonitorFilter; readonly onClose: () => void }) {
  const [counts, setCounts] = useState<Counts>();
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const [chosen, choose] = useState<Action>();
  const run = (action: Action, dryRun: boolean) => api.call('bulkMonitors', { body: { filter, action, dryRun } });
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
  const ask = (action: Action) =>
    attempt(async () => {
      const { changed } = await run(action, true);
      setCounts((before) => ({ start: 0, stop: 0, delete: 0, ...before, [action]: changed }));
      choose(action);
    });
  const confirm = (action: Action) =>
    attempt(async () => {
      await run(action, false);
      await queryClient.invalidateQueries({ queryKey: ['monitors'] });
      onClose();
    });
  const filterText = Object.entries(filter)
    .map(([key, value]) => `${key === 'q' ? 'text' : key} “${value}”`)
    .join(', ');
  if (chosen !== undefined && counts !== undefined) {
    const count = counts[chosen];
    const { verb, effect } = words[chosen];
    return (
      <Dialog title={`${verb} ${monitorsText(count)}?`} onClose={onClose}>
        {error === null ? null : <Failure error={error} />}
        <p>{count === 0 ? 'None of them would change.' : effect}</p>
        <p className="sub">{filterText === '' ? 'No filter: all monitors.' : `Those that fit: ${filterText}.`}</p>
        <footer>
          <button type="button" className="btn" onClick={() => choose(undefined)}>
            Back
          </button>
          <button
            type="button"
            className={chosen === 'delete' ? 'btn danger' : 'btn primary'}
            disabled={count === 0 || isBusy}
            onClick={() => void confirm(chosen)}
          >
            {verb} {monitorsText(count)}
          </button>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title="With all monitors that fit" onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      <p className="sub">
        {filterText === '' ? 'There is no filter, so this is about all monitors.' : `The filter: ${filterText}.`} What
        is chosen is counted first, and then asked once more.
      </p>
      <footer>
        <button type="button" className="btn" onClick={onClose}>
          Cancel
        </button>
        <span className="sp" />
        {actions.map((action) => (
          <button
            key={action}
            type="button"
            className={action === 'delete' ? 'btn danger' : 'btn'}
            disabled={isBusy}
            onClick={() => void ask(action)}
          >
            <Icon name={words[action].icon} />
            {words[action].verb}
          </button>
        ))}
      </footer>
    </Dialog>
  );
}
