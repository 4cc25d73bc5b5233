import type { ProcessList, ProcessView } from '@watchkeeper/model';
import {
  clockText,
  countText,
  groupedByRole,
  isHistory,
  lagOf,
  lagText,
  lengthText,
  listensText,
  millisecondsText,
  processName,
  readsText,
  recentError,
  shareText,
  watchesText,
  workText,
} from '@watchkeeper/model/light';
import type { ReactNode } from 'react';
import { StateTag } from '../components/StateTag.tsx';

const columns = ['Process', 'State', 'Roles', 'Reads', 'Checks late', 'Waiting, dropped', 'CPU, memory', 'Last error'];

/** Every process: what it does, how it does it, and what went wrong last. */
export function ProcessTable({ list }: { readonly list: ProcessList }) {
  const items = groupedByRole(list.items);
  const past = items.filter((item) => isHistory(item, list));
  return (
    <section className="card">
      <header className="explained">
        <h2 className="h2">Processes</h2>
        <span className="sub s">what each told of itself, every 5 s; delays are 99th percentiles</span>
      </header>
      <Rows label="Processes" items={items.filter((item) => !past.includes(item))} list={list} />
      {past.length === 0 ? null : (
        <details className="past">
          <summary className="sub">
            {past.length === 1 ? '1 more process' : `${past.length} more processes`} fell silent within a day; others do
            the work
          </summary>
          <Rows label="Processes whose work others do" items={past} list={list} />
        </details>
      )}
    </section>
  );
}

function Rows({
  label,
  items,
  list,
}: {
  readonly label: string;
  readonly items: readonly ProcessView[];
  readonly list: ProcessList;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="wide procs" aria-label={label} tabIndex={0}>
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
          {items.map((item) => (
            <ProcessRow key={item.id} item={item} list={list} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ProcessRow({ item, list }: { readonly item: ProcessView; readonly list: ProcessList }) {
  const { id, version, roles, figures, isRemote, startedAt } = item;
  const nowMs = Date.parse(list.at);
  const isSilent = item.state === 'silent';
  const lag = lagOf(list.readers.filter(({ holder }) => holder === id));
  const error = recentError(figures, nowMs);
  return (
    <tr className={isSilent ? 'is-gone' : ''}>
      <Cell title="Process" more={`${version}, started ${clockText(startedAt, nowMs)}`}>
        <b>{processName(id, list.items)}</b>
        {isRemote ? <span className="tag">remote</span> : null}
      </Cell>
      <Cell title="State" more={stateNote(item, list, nowMs)}>
        <StateTag state={isSilent ? 'unknown' : 'ok'} text={isSilent ? 'Silent' : 'Running'} size={14} />
      </Cell>
      <Cell title="Roles" more={[watchesText(item), listensText(figures)].filter((text) => text !== '').join('; ')}>
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
      <Cell title="Last error" more={error === null ? '' : `${lengthText(nowMs - Date.parse(error.at))} ago`}>
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

function stateNote(item: ProcessView, { items }: ProcessList, nowMs: number): string {
  if (item.state === 'running') return '';
  const { seenAt, replacedBy, abandoned } = item;
  const parts = [
    `since ${clockText(seenAt, nowMs)}`,
    ...(replacedBy.length === 0 ? [] : [workText(item, items)]),
    ...(abandoned.length === 0 ? [] : [`nobody took over ${abandoned.join(', ')}`]),
  ];
  return parts.join('; ');
}
