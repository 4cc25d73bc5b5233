import { useQuery } from '@tanstack/react-query';
import type { CheckRun } from '@watchkeeper/model';
import { millisecondsText, reasonTitle, stateTitles } from '@watchkeeper/model/light';
import { api, useZoneTitle } from '../api.ts';
import { Failure } from '../components/Failure.tsx';
import { PhaseBar, phases } from '../components/PhaseBar.tsx';
import { StateTag } from '../components/StateTag.tsx';

/** What every zone of a check run saw; asks again until all have answered. */
export function RunResults({ id }: { readonly id: string }) {
  const { data: run, error } = useQuery({
    queryKey: ['check-run', id],
    queryFn: ({ signal }) => api.call('getCheckRun', { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data?.finished === true ? false : 300),
  });
  if (error !== null) return <Failure error={error} />;
  return (
    <div aria-live="polite">
      {run?.zones.map((zone) => (
        <ZoneResult key={zone.zone} zone={zone} />
      ))}
    </div>
  );
}

function ZoneResult({ zone }: { readonly zone: CheckRun['zones'][number] }) {
  const { outcome, reason, message, values, attributes, finishedAt } = zone;
  const title = useZoneTitle()(zone.zone);
  if (finishedAt === null || outcome === null) {
    return (
      <div className="zone">
        <div className="t">
          <b>{title}</b>
          <span className="dim">waiting for an answer</span>
        </div>
      </div>
    );
  }
  const state = outcome === 'skipped' ? 'unknown' : outcome;
  const saw = Object.values(attributes).join(', ');
  return (
    <div className="zone">
      <div className="t">
        <StateTag state={state} text={reason === null ? stateTitles[state] : reasonTitle(reason)} size={14} />
        <b>{title}</b>
        <span className="k">
          <b>{millisecondsText(values.durationMs)}</b>
        </span>
      </div>
      {message === null ? null : <p className="sub">{message}</p>}
      <p className="s dim">
        {phases
          .filter(({ value }) => values[value] !== null && values[value] !== undefined)
          .map(({ value, title }) => `${title} ${millisecondsText(values[value])}`)
          .join(', ')}
        {saw === '' ? '' : `; ${saw}`}
      </p>
      <PhaseBar values={values} width={280} />
    </div>
  );
}
