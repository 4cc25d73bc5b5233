import { Link } from '@tanstack/react-router';
import { overviewAnswer, type State, stateTitles } from '@watchkeeper/model/light';
import { useMay, useOverview } from '../api.ts';
import { AnswerSentence } from '../components/AnswerSentence.tsx';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { Activity } from '../overview/Activity.tsx';
import { onlyInState } from '../overview/by-state.ts';
import { Matrix } from '../overview/Matrix.tsx';
import { Problems } from '../overview/Problems.tsx';
import { RuleAlerts } from '../overview/RuleAlerts.tsx';
import { defaultFrom, readOverviewSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { useSearchOf } from '../use-search.ts';
import '../overview/overview.css';

const counted: readonly State[] = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'];

/** What is wrong, since when, seen from where, what was done; then the proof. */
export function OverviewPage() {
  const [{ env, from = defaultFrom, to = 'now', state: wanted }, change] = useSearchOf(readOverviewSearch);
  const { data: overview, error, refetch, dataUpdatedAt } = useOverview(env, from, to);
  const mayEdit = useMay('editor');
  useCrumbs({ title: 'Overview' });
  if (overview === undefined) {
    return error === null ? <Skeleton height={520} /> : <Failure error={error} onRetry={() => void refetch()} />;
  }
  const shown = onlyInState(overview, wanted);
  const newMonitor = (
    <Link className="btn primary" to="/monitors/new">
      <Icon name="plus" />
      New monitor
    </Link>
  );
  return (
    <>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} dataAtMs={dataUpdatedAt} />}
      <div className={error === null ? '' : 'stale'}>
        <AnswerSentence answer={overviewAnswer(overview)}>
          {/* biome-ignore lint/a11y/useSemanticElements: a fieldset would bring its own frame into a line of controls */}
          <div className="counts" role="group" aria-label="Services by state">
            {counted
              .filter((state) => overview.counts[state] > 0 || state === wanted)
              .map((state) => (
                <button
                  key={state}
                  type="button"
                  aria-pressed={state === wanted}
                  onClick={() => change({ state: state === wanted ? undefined : state })}
                >
                  <StateGlyph state={state} size={14} />
                  {stateTitles[state]}
                  <b>{overview.counts[state]}</b>
                </button>
              ))}
          </div>
        </AnswerSentence>
        <Problems overview={shown} />
        <RuleAlerts nowMs={Date.parse(overview.at)} />
        <div className="cols">
          {overview.services.length === 0 ? (
            <section className="card">
              <Empty
                sentence="Nothing is watched yet."
                {...(mayEdit ? { action: newMonitor } : {})}
                command="watchkeeper monitor create --name … --service … --environment … --url …"
              />
            </section>
          ) : (
            <Matrix overview={shown} isFiltered={wanted !== undefined} />
          )}
          <Activity entries={overview.activity} nowMs={Date.parse(overview.at)} />
        </div>
      </div>
    </>
  );
}
