import type { SinkStatus } from '@watchkeeper/model';
import { clockText } from '@watchkeeper/model/light';

const words: Readonly<Record<SinkStatus['state'], string>> = {
  forwarding: 'forwarding',
  failing: 'failing',
  paused: 'paused',
  waiting: 'nothing sent yet',
};

/** Whether a sink's target takes what it gets, and why not. */
export function SinkState({ status: { state, lastError, failingSince, attempts } }: { readonly status: SinkStatus }) {
  const kind = state === 'failing' ? 'is-failed' : state === 'forwarding' ? 'is-ok' : 'dim';
  const since = failingSince === null ? '' : ` since ${clockText(failingSince, Date.now())}, ${attempts} attempts`;
  return (
    <>
      <span className={kind}>
        {words[state]}
        {since}
      </span>
      {lastError === null ? null : <p className="sub">{lastError}</p>}
    </>
  );
}
