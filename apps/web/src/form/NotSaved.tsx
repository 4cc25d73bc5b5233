import { ProblemError } from '@watchkeeper/client';
import { Failure } from '../components/Failure.tsx';
import { shownPointers } from './monitor-input.ts';
import { type Problems, problemsBeside } from './problems-of.ts';

/** Why nothing was saved. What stands at the fields is not said twice; what has no field is said here. */
export function NotSaved({ error, problems }: { readonly error: unknown; readonly problems: Problems }) {
  const beside = problemsBeside(problems, shownPointers);
  if (problems.size === 0 || !(error instanceof ProblemError)) return <Failure error={error} details={beside} />;
  return (
    <div className="notice is-failed" role="alert" tabIndex={-1}>
      <div className="h3">{problems.size === 1 ? 'One entry is' : `${problems.size} entries are`} not right yet</div>
      {beside.length === 0 ? <p>It stands below at the fields.</p> : beside.map((text) => <p key={text}>{text}</p>)}
      <p className="s sub">
        <span className="mono">{error.problem.code}</span>, request{' '}
        <span className="mono">{error.problem.requestId}</span>
      </p>
    </div>
  );
}
