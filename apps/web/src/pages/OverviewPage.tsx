import { Link, useSearch } from '@tanstack/react-router';
import { overviewAnswer, type State, stateTitles } from '@watchkeeper/model/light';
import { useMay, useOverview } from '../api.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { Activity } from '../overview/Activity.tsx';
import { AnswerHead } from '../overview/AnswerHead.tsx';
import { Matrix } from '../overview/Matrix.tsx';
import { Problems } from '../overview/Problems.tsx';
import { defaultFrom, type GlobalSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import '../overview/overview.css';

const counted: readonly State[] = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'];

/** What is wrong, since when, seen from where, what was done; then the proof. */
export function OverviewPage() {
  const { env, from = defaultFrom, to = 'now' } = useSearch({ strict: false }) as GlobalSearch;
  const { data: overview, error, refetch, dataUpdatedAt } = useOverview(env, from, to);
  const mayEdit = useMay('editor');
  useCrumbs({ title: 'Overview' });
  if (overview === undefined) {
    return error === null ? <Skeleton height={520} /> : <Failure error={error} onRetry={() => void refetch()} />;
  }
  const answer = overviewAnswer(overview);
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
        <AnswerHead {...answer}>
          <nav className="counts" aria-label="Services by state">
            {counted
              .filter((state) => overview.counts[state] > 0)
              .map((state) => (
                <Link key={state} to="/monitors" search={{ state }}>
                  <StateGlyph state={state} size={14} />
                  {stateTitles[state]}
                  <b>{overview.counts[state]}</b>
                </Link>
              ))}
          </nav>
        </AnswerHead>
        <Problems overview={overview} />
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
            <Matrix overview={overview} />
          )}
          <Activity entries={overview.activity} nowMs={Date.parse(overview.at)} />
        </div>
      </div>
    </>
  );
}
