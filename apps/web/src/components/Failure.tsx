import { ProblemError } from '@watchkeeper/client';
import { clockText } from '@watchkeeper/model/light';
import type { ReactNode } from 'react';

/** What went wrong, its code, its request, and another try. */
export function Failure({
  error,
  onRetry,
  dataAtMs,
  details = [],
}: {
  readonly error: unknown;
  /** What is wrong beside what the page shows elsewhere. */
  readonly details?: readonly string[];
  readonly onRetry?: () => void;
  readonly dataAtMs?: number;
}) {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  return (
    <div className="notice is-failed" role="alert" tabIndex={-1}>
      <div className="h3">{problem?.title ?? 'No answer from the server'}</div>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      {details.map((detail) => (
        <p key={detail}>{detail}</p>
      ))}
      <p className="s sub">
        {problem === undefined ? null : (
          <>
            <span className="mono">{problem.code}</span>, request <span className="mono">{problem.requestId}</span>
          </>
        )}
        {dataAtMs === undefined || dataAtMs === 0
          ? null
          : ` Shown is what was known at ${clockText(dataAtMs, Date.now())} UTC.`}
      </p>
      {onRetry === undefined ? null : (
        <button type="button" className="btn sm" onClick={onRetry} style={{ marginTop: 8 }}>
          Retry
        </button>
      )}
    </div>
  );
}

/** What a list says that has nothing in it: one sentence, one action, the command that does the same. */
export function Empty({
  sentence,
  action,
  command,
}: {
  readonly sentence: string;
  readonly action?: ReactNode;
  readonly command?: string;
}) {
  return (
    <div className="empty">
      <p>{sentence}</p>
      {action}
      {command === undefined ? null : <code className="mono">{command}</code>}
    </div>
  );
}
