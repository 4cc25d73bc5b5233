import { Link } from '@tanstack/react-router';
import type { MonitorRow } from '@watchkeeper/model';
import { millisecondsText, reasonTitle, settingText, shareText } from '@watchkeeper/model/light';
import { memo } from 'react';
import { useZoneTitle } from '../api.ts';
import { StateTag } from '../components/StateTag.tsx';
import { Strip } from '../components/Strip.tsx';
import { ZoneTiles } from '../components/ZoneTiles.tsx';
import { keepGlobal } from '../use-search.ts';

/** More zones than these do not fit in a column as tiles. */
const mostTiles = 4;

/** One monitor of the list. */
export const MonitorLine = memo(function MonitorLine({ row }: { readonly row: MonitorRow }) {
  const { monitor, status, okRatio, p95Ms } = row;
  const why = whyOf(row);
  return (
    <Link className="line" data-row to="/monitors/$id" params={{ id: monitor.id }} search={keepGlobal}>
      <StateTag state={status.state} size={14} />
      <span className="cut" title={row.target}>
        <b>{monitor.name}</b> <span className="dim">{monitor.service}</span>
      </span>
      <span className="cut sub">{monitor.environment}</span>
      <Zones row={row} />
      <Strip strip={row.strip} width={180} />
      <span className="num" title="OK in the last hour">
        {shareText(okRatio)}
      </span>
      <span className="num" title="95 of 100 checks of the last hour were quicker">
        {millisecondsText(p95Ms)}
      </span>
      <span className="num sub">{settingText(monitor.interval)}</span>
      <span className="cut sub" title={why}>
        {why}
      </span>
    </Link>
  );
});

function Zones({ row: { status, monitor } }: { readonly row: MonitorRow }) {
  const zoneTitle = useZoneTitle();
  if (status.zones.length > mostTiles || status.zones.length === 0) {
    const good = status.zones.filter(({ state }) => state === 'ok').length;
    return (
      <span className="cut sub" title={monitor.zones.join(', ')}>
        {good} of {monitor.zones.length} OK
      </span>
    );
  }
  return (
    <ZoneTiles
      tiles={status.zones.map(({ zone, state }) => ({
        zone,
        title: zoneTitle(zone),
        state: status.state === 'paused' ? 'paused' : state,
      }))}
    />
  );
}

/** The reason of a row in a few words. */
function whyOf({ status }: MonitorRow): string {
  if (status.state === 'ok' || status.state === 'paused') return '';
  return status.message ?? (status.reason === null ? '' : reasonTitle(status.reason));
}
