import type { ProcessList, ProcessView } from '@watchkeeper/model';
import {
  clockText,
  countText,
  lagOf,
  lagText,
  lengthText,
  millisecondsText,
  processName,
  readsText,
  shareText,
} from '@watchkeeper/model/light';
import type { ReactNode } from 'react';
import { StateTag } from '../components/StateTag.tsx';

const columns = ['Process', 'State', 'Roles', 'Reads', 'Checks late', 'Waiting, dropped', 'CPU, memory', 'Last error'];

/** Every process: what it does, how it does it, and what went wrong last. */
export function ProcessTable({ list }: { readonly list: ProcessList }) {
  return (
    <section className="card">
      <header className="explained">
        <h2 className="h2">Processes</h2>
        <span className="sub s">what each told of itself, every 5 s; delays are 99th percentiles</span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="wide procs" aria-label="Processes" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.items.map((item) => (
              <ProcessRow key={item.id} item={item} list={list} />
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function ProcessRow({ item, list }: { readonly item: ProcessView; readonly list: ProcessList }) {
  const { id, version, roles, zones, figures, isRemote, startedAt } = item;
  const nowMs = Date.parse(list.at);
  const isSilent = item.state === 'silent';
  const lag = lagOf(list.readers.filter(({ holder }) => holder === id));
  const error = figures.lastError;
  return (
    <tr className={isSilent ? 'is-gone' : ''}>
      <Cell
        title="Process"
        more={`${version}, ${isSilent ? 'started' : 'up for'} ${isSilent ? clockText(startedAt, nowMs) : lengthText(nowMs - Date.parse(startedAt))}`}
      >
        <b>{processName(id, list.items)}</b>
        {isRemote ? <span className="tag">remote</span> : null}
      </Cell>
      <Cell title="State" more={stateNote(item, list, nowMs)}>
        <StateTag state={isSilent ? 'unknown' : 'ok'} text={isSilent ? 'Silent' : 'Running'} size={14} />
      </Cell>
      <Cell title="Roles" more={roles.includes('scheduler') ? `from ${zones.join(', ')}` : ''}>
        {roles.join(', ')}
      </Cell>
      <Cell title="Reads" more={lag === undefined ? '' : `behind: ${lagText(lag)}`}>
        {readsText(id, list.readers) || '–'}
      </Cell>
      <Cell title="Checks late" more={figures.checks === null ? '' : `${countText(figures.checks)} checks`}>
        {millisecondsText(figures.latenessP99Ms)}
      </Cell>
      <Cell title="Waiting, dropped">
        {countText(figures.waitingEvents + (figures.waitingMessages ?? 0))},{' '}
        <span className={figures.dropped > 0 ? 'is-failed' : ''}>{countText(figures.dropped)}</span>
      </Cell>
      <Cell title="CPU, memory" more={`loop delay ${millisecondsText(figures.loopDelayP99Ms)}`}>
        {shareText(figures.cpuRatio)}, {countText(figures.rssBytes / 2 ** 20)} MiB
      </Cell>
      <Cell title="Last error" more={error === null ? '' : `${clockText(error.at, nowMs)} UTC`}>
        {error === null ? (
          '–'
        ) : (
          <span className="why" title={error.message}>
            {error.message}
          </span>
        )}
      </Cell>
    </tr>
  );
}

/** A value under its column's name; on a narrow screen the name stands beside it. */
function Cell({
  title,
  more = '',
  children,
}: {
  readonly title: string;
  readonly more?: string;
  readonly children: ReactNode;
}) {
  return (
    <td data-title={title}>
      <div>{children}</div>
      {more === '' ? null : <div className="dim s more">{more}</div>}
    </td>
  );
}

function stateNote(
  { state, seenAt, replacedBy, abandoned }: ProcessView,
  { items }: ProcessList,
  nowMs: number,
): string {
  if (state === 'running') return '';
  const others = replacedBy.map(({ process }) => processName(process, items));
  const parts = [
    `since ${clockText(seenAt, nowMs)}`,
    ...(others.length === 0 ? [] : [`replaced by ${others.join(', ')}`]),
    ...(abandoned.length === 0 ? [] : [`nobody took over ${abandoned.join(', ')}`]),
  ];
  return parts.join('; ');
}
