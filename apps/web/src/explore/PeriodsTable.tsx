import { clockText, countText } from '@watchkeeper/model/light';
import { memo } from 'react';
import { aggregateNames, type Period } from './answers.ts';
import { groupTitle } from './draw-frame.ts';
import { valueText } from './value-text.ts';

/** Rows on the page; the download has all of them. */
const mostShown = 300;

const titles: Readonly<Record<(typeof aggregateNames)[number], string>> = {
  min: 'Lowest',
  avg: 'Average',
  p50: 'Median',
  p95: '95 %',
  p99: '99 %',
  max: 'Highest',
};

/** The numbers of the picture, newest first. */
export const PeriodsTable = memo(function PeriodsTable({
  rows,
  split,
  isCounted,
  unit,
}: {
  /** In the order of time. */
  readonly rows: readonly Period[];
  readonly split: string | undefined;
  readonly isCounted: boolean;
  readonly unit: string;
}) {
  const nowMs = rows.at(-1)?.atMs ?? 0;
  const columns = isCounted ? [] : aggregateNames;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section id="numbers" className="wide numbers" aria-label="Numbers" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">From, UTC</th>
              {split === undefined ? null : <th scope="col">{split}</th>}
              <th scope="col" className="num">
                Events
              </th>
              {columns.map((name) => (
                <th key={name} scope="col" className="num">
                  {titles[name]}
                </th>
              ))}
              <th scope="col" className="num">
                Series
              </th>
            </tr>
          </thead>
          <tbody>
            {rows
              .slice(-mostShown)
              .toReversed()
              .map(({ atMs, group, count, sources, values }) => (
                <tr key={`${atMs} ${group}`}>
                  <td>{clockText(atMs, nowMs)}</td>
                  {split === undefined ? null : <td className="cut">{groupTitle(group)}</td>}
                  <td className="num">{countText(count)}</td>
                  {columns.map((name) => (
                    <td key={name} className="num">
                      {valueText(values[name], unit)}
                    </td>
                  ))}
                  <td className="num dim">{countText(sources)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </section>
      {rows.length > mostShown ? (
        <p className="s dim note">
          The newest {mostShown} of {countText(rows.length)} rows; the CSV file has all.
        </p>
      ) : null}
    </>
  );
});

/** The same as rows of a file: instants, and numbers as they are. */
export function tableRows(
  rows: readonly Period[],
  { split, value }: { readonly split: string | undefined; readonly value: string | undefined },
): (string | number | null)[][] {
  const columns = value === undefined ? [] : aggregateNames;
  const head = [
    'from',
    ...(split === undefined ? [] : [split]),
    'events',
    ...columns.map((name) => `${name}(${value})`),
    'series',
  ];
  const lines = rows.map(({ atMs, group, count, sources, values }) => [
    new Date(atMs).toISOString(),
    ...(split === undefined ? [] : [group]),
    count,
    ...columns.map((name) => values[name] ?? null),
    sources,
  ]);
  return [head, ...lines];
}
