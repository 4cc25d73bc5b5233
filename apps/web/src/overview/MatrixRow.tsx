import type { Overview } from '@watchkeeper/model';
import { millisecondsText, shareText } from '@watchkeeper/model/light';
import { memo } from 'react';
import { ZoneTiles } from '../components/ZoneTiles.tsx';
import { searchText } from '../search.ts';

export type Measure = 'ok' | 'p95';
type Cell = Overview['services'][number]['cells'][number];

export const MatrixRow = memo(function MatrixRow({
  row,
  index,
  environments,
  measure,
}: {
  readonly row: Overview['services'][number];
  /** Row of the whole table, from 1. */
  readonly index: number;
  readonly environments: Overview['environments'];
  readonly measure: Measure;
}) {
  const cells = new Map(row.cells.map((cell) => [cell.environment, cell]));
  return (
    <tr aria-rowindex={index}>
      <th scope="row" title={row.title}>
        {row.title}
      </th>
      {environments.map(({ name, title, zones }) => {
        const cell = cells.get(name);
        if (cell === undefined)
          return (
            <td key={name} className="dim">
              –
            </td>
          );
        const tiles = zones.map((zone) => ({
          zone: zone.name,
          title: zone.title,
          state: cell.zones.find((seen) => seen.zone === zone.name)?.state,
          href: `/monitors${searchText({ service: row.name, env: name, zone: zone.name })}`,
        }));
        return (
          <td key={name}>
            <div className="cell">
              <ZoneTiles tiles={tiles} label={`${row.title} in ${title}`} />
              <CellValue cell={cell} measure={measure} />
            </div>
          </td>
        );
      })}
    </tr>
  );
});

/** The number of a cell; where zones are silent, how many are not says more. */
function CellValue({ cell, measure }: { readonly cell: Cell; readonly measure: Measure }) {
  const silent = cell.zones.filter(({ state }) => state === 'unknown').length;
  const isLoud = cell.state === 'failed' || cell.state === 'degraded';
  if (silent > 0 && !isLoud) {
    return (
      <span className="v tn">
        {cell.zones.length - silent} of {cell.zones.length} zones
      </span>
    );
  }
  return (
    <span className={isLoud ? `v tn is-${cell.state}` : 'v tn'}>
      {measure === 'ok' ? shareText(cell.okRatio) : millisecondsText(cell.p95Ms)}
    </span>
  );
}
