import type { CatalogueName } from '@watchkeeper/model';
import { clockText, countText, shareText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { Failure } from '../components/Failure.tsx';
import { Icon } from '../components/Icon.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import type { ExploreSearch } from '../search.ts';
import { type ChangeSearch, noSelection } from './change-search.ts';
import { type Condition, conditionsText, parseConditions, withCondition } from './conditions.ts';
import { groupTitle } from './draw-frame.ts';
import type { Selection } from './Plot.tsx';
import type { AttributeShares, ValueShare } from './shares.ts';
import { useComparison } from './use-comparison.ts';
import type { Explored } from './use-explore.ts';
import { valueText } from './value-text.ts';

/** Rows of one attribute; the rest is told as one number. */
const mostRows = 7;
const mostTabs = 5;

interface PanelProps {
  readonly explored: Explored;
  readonly search: ExploreSearch;
  readonly entry: CatalogueName | undefined;
  readonly selection: Selection;
  readonly unit: string;
  readonly change: ChangeSearch;
}

/** What is special about the selection: values that it has more of than all data, and what to do about them. */
export function SelectionPanel(props: PanelProps) {
  const { explored, search, entry, selection, unit, change } = props;
  const { shares, isCut, error, refetch } = useComparison(explored, search, entry, selection);
  return (
    <section className="card panel" aria-label="In the selection">
      <header>
        <h2 className="h2">In the selection</h2>
        <span className="sp" />
        <button type="button" className="btn sm ghost" onClick={() => change(noSelection)}>
          <Icon name="x" />
          Clear
        </button>
      </header>
      <p className="where-it-is s sub">
        {selection.group === undefined ? '' : `${groupTitle(selection.group)}, `}
        {clockText(selection.fromMs, selection.toMs)} to {clockText(selection.toMs, selection.toMs)} UTC
        {valuesText(selection, unit)}
      </p>
      {error === null ? null : <Failure error={error} onRetry={refetch} />}
      {shares === undefined ? (
        error === null ? (
          <Skeleton height={240} />
        ) : null
      ) : (
        <Compared {...props} shares={shares} />
      )}
      {isCut ? (
        <p className="s dim where-it-is">There are too many different events; some of them were not compared.</p>
      ) : null}
    </section>
  );
}

function valuesText({ low, high }: Selection, unit: string): string {
  const [least, most] = [Number.isFinite(low), Number.isFinite(high)];
  if (least && most) return `, ${valueText(low, unit)} to ${valueText(high, unit)}`;
  if (least) return `, from ${valueText(low, unit)}`;
  return most ? `, below ${valueText(high, unit)}` : '';
}

function Compared({ shares, search, selection, change }: PanelProps & { readonly shares: readonly AttributeShares[] }) {
  const [chosen, choose] = useState<string>();
  const [marked, mark] = useState<string>();
  const first = shares[0];
  const shown = shares.find(({ attribute }) => attribute === chosen) ?? first;
  const total = first?.values.reduce((sum, { selected }) => sum + selected, 0) ?? 0;
  if (first === undefined || shown === undefined || total === 0) {
    return (
      <p className="where-it-is">
        {total === 0
          ? 'No event lies in the selection.'
          : `${countText(total)} events, all alike: nothing tells them apart.`}
      </p>
    );
  }
  const tabs = shares.slice(0, mostTabs);
  const value = shown.values.find((share) => share.value === marked) ?? shown.top;
  const others = shares.find(({ attribute }) => attribute !== shown.attribute && attribute !== search.split);
  const add = (condition: Condition) =>
    change({ ...noSelection, where: conditionsText(withCondition(parseConditions(search.where), condition)) });
  return (
    <>
      <div className="sum">{value === undefined ? null : <Sentence shares={shown} value={value} total={total} />}</div>
      <div className="by">
        <Segmented
          label="Compared by"
          value={shown.attribute}
          choices={tabs.map(({ attribute }) => [attribute, attribute] as const)}
          onChange={(attribute) => {
            choose(attribute);
            mark(undefined);
          }}
        />
      </div>
      <ShareRows shares={shown} marked={value?.value} onMark={mark} />
      {value === undefined ? null : (
        <div className="act">
          <button
            type="button"
            className="btn primary"
            onClick={() => add({ field: shown.attribute, op: 'is', values: [value.value] })}
          >
            <Icon name="filter" />
            <span className="cut">Keep only {groupTitle(value.value)}</span>
          </button>
          <button
            type="button"
            className="btn"
            onClick={() => add({ field: shown.attribute, op: 'not', values: [value.value] })}
          >
            <span className="cut">Leave out {groupTitle(value.value)}</span>
          </button>
          {search.split === shown.attribute ? null : (
            <button
              type="button"
              className="btn"
              onClick={() => change({ ...noSelection, split: shown.attribute, hl: undefined })}
            >
              <span className="cut">Split by {shown.attribute}</span>
            </button>
          )}
          {search.split === shown.attribute && others !== undefined ? (
            <button
              type="button"
              className="btn"
              onClick={() => change({ ...noSelection, split: others.attribute, hl: undefined })}
            >
              <span className="cut">Split by {others.attribute}</span>
            </button>
          ) : null}
          {search.split === shown.attribute && search.hl === value.value ? null : (
            <button
              type="button"
              className="btn"
              onClick={() => change({ split: shown.attribute, hl: value.value, as: undefined, lane: undefined })}
            >
              Highlight it
            </button>
          )}
          <button
            type="button"
            className="btn"
            onClick={() =>
              change({
                ...noSelection,
                from: new Date(selection.fromMs).toISOString(),
                to: new Date(selection.toMs).toISOString(),
              })
            }
          >
            Zoom to this time
          </button>
        </div>
      )}
    </>
  );
}

function Sentence({
  shares,
  value,
  total,
}: {
  readonly shares: AttributeShares;
  readonly value: ValueShare;
  readonly total: number;
}) {
  const others = shares.values.length - 1;
  const rest =
    others === 0
      ? 'Nothing else is in it.'
      : `${countText(others)} ${others === 1 ? 'other shares' : 'others share'} the rest.`;
  return (
    <>
      <div className="big">
        {shareText(value.selectedShare)}{' '}
        {value.value === '' ? `say no ${shares.attribute}` : `come from ${value.value}`}
      </div>
      <p className="sub s">
        {countText(total)} {total === 1 ? 'event' : 'events'}. Of all events it has {shareText(value.allShare)}. {rest}
      </p>
    </>
  );
}

function ShareRows({
  shares,
  marked,
  onMark,
}: {
  readonly shares: AttributeShares;
  readonly marked: string | undefined;
  readonly onMark: (value: string) => void;
}) {
  const rows = shares.values.slice(0, mostRows);
  const rest = shares.values.slice(mostRows);
  return (
    <table className="shares">
      <thead>
        <tr>
          <th scope="col">{shares.attribute}</th>
          <th scope="col" className="num">
            events
          </th>
          <th scope="col" className="num">
            selection
          </th>
          <th scope="col" className="num">
            all
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ value, selected, selectedShare, allShare }) => (
          <tr key={value} className={value === marked ? 'on' : ''}>
            <td>
              <button type="button" className="plain cut" aria-pressed={value === marked} onClick={() => onMark(value)}>
                {groupTitle(value)}
              </button>
              <span className="b">
                <i style={{ width: `${Math.max(0.6, 100 * selectedShare)}%` }} />
              </span>
            </td>
            <td className="num">{countText(selected)}</td>
            <td className="num">{shareText(selectedShare)}</td>
            <td className="num dim">{shareText(allShare)}</td>
          </tr>
        ))}
        {rest.length === 0 ? null : (
          <tr>
            <td className="sub">{countText(rest.length)} more</td>
            <td className="num">{countText(rest.reduce((sum, { selected }) => sum + selected, 0))}</td>
            <td className="num">{shareText(rest.reduce((sum, { selectedShare }) => sum + selectedShare, 0))}</td>
            <td className="num dim">{shareText(rest.reduce((sum, { allShare }) => sum + allShare, 0))}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}
