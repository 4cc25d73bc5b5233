import { countText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, queryClient, useMay } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Failure } from '../components/Failure.tsx';

type Action = 'start' | 'stop' | 'delete';

const words = {
  start: { verb: 'Start', past: 'will be checked on their schedule' },
  stop: { verb: 'Pause', past: 'will not be checked until somebody starts them' },
  delete: { verb: 'Delete', past: 'will be gone; their events stay until retention drops them' },
} as const;

interface Question {
  readonly action: Action;
  readonly changed: number;
  readonly matched: number;
}

/** Acts on the filter and names the count before anything is done. */
export function BulkActions({
  filter,
  total,
}: {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly total: number;
}) {
  const mayOperate = useMay('operator');
  const [question, ask] = useState<Question>();
  const [error, setError] = useState<unknown>(null);
  if (!mayOperate || total === 0) return null;

  const run = (action: Action, dryRun: boolean) => api.call('bulkMonitors', { body: { filter, action, dryRun } });
  const prepare = async (action: Action) => {
    setError(null);
    try {
      const { changed, matched } = await run(action, true);
      ask({ action, changed, matched });
    } catch (problem) {
      setError(problem);
      ask({ action, changed: 0, matched: 0 });
    }
  };
  const confirm = async (action: Action) => {
    try {
      await run(action, false);
      await queryClient.invalidateQueries({ queryKey: ['monitors'] });
      ask(undefined);
    } catch (problem) {
      setError(problem);
    }
  };
  return (
    <>
      <select
        className="input"
        aria-label={`Do something with all ${countText(total)} monitors that fit`}
        style={{ width: 'auto', minHeight: 32, padding: '0 8px' }}
        value=""
        onChange={(event) => void prepare(event.target.value as Action)}
      >
        <option value="" disabled>
          With all {countText(total)} …
        </option>
        <option value="start">Start</option>
        <option value="stop">Pause</option>
        <option value="delete">Delete</option>
      </select>
      {question === undefined ? null : (
        <Dialog
          title={`${words[question.action].verb} ${countText(question.changed)} monitors?`}
          onClose={() => ask(undefined)}
        >
          {error === null ? null : <Failure error={error} />}
          <p>
            {countText(question.matched)} monitors fit the filter; {countText(question.changed)} of them{' '}
            {words[question.action].past}.
          </p>
          <footer>
            <button type="button" className="btn" onClick={() => ask(undefined)}>
              Cancel
            </button>
            <button
              type="button"
              className={question.action === 'delete' ? 'btn danger' : 'btn primary'}
              disabled={question.changed === 0}
              onClick={() => void confirm(question.action)}
            >
              {words[question.action].verb} {countText(question.changed)} monitors
            </button>
          </footer>
        </Dialog>
      )}
    </>
  );
}
