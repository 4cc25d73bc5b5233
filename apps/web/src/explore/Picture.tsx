import type { CatalogueName } from '@watchkeeper/model';
import { useMemo } from 'react';
import { Empty, Failure } from '../components/Failure.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { ChartLegend } from '../monitor/ChartLegend.tsx';
import type { ExploreSearch } from '../search.ts';
import type { ChangeSearch } from './change-search.ts';
import { csvOf, download } from './csv.ts';
import { lineKinds } from './draw-lines.ts';
import { pictureText, plotSentence, shownEvents } from './explore-sentence.ts';
import { PeriodsTable, tableRows } from './PeriodsTable.tsx';
import { Plot, type Selection } from './Plot.tsx';
import type { Explored } from './use-explore.ts';

interface PictureProps {
  readonly explored: Explored;
  readonly search: ExploreSearch;
  readonly entry: CatalogueName;
  readonly unit: string;
  readonly selection: Selection | undefined;
  readonly change: ChangeSearch;
}

/** What was asked, drawn or as a table. */
export function Picture(props: PictureProps) {
  const { explored, search, change } = props;
  const { question, view, isLoaded, error } = explored;
  const valueName = question.value ?? 'count';
  const rows = useMemo(
    () => explored.lanes.flatMap(({ periods }) => periods?.rows ?? []).sort((a, b) => a.atMs - b.atMs),
    [explored.lanes],
  );
  const { split } = search;
  return (
    <section className={error === null ? 'card picture' : 'card picture stale'}>
      <header className="is-wrapping">
        <h2 className="h2 cut">
          {question.events} {question.value === undefined ? 'counted' : `by ${question.value}`}
        </h2>
        <span className="s dim">{isLoaded ? pictureText(explored) : ''}</span>
        <span className="sp" />
        <Legend view={view} isCounted={question.value === undefined} />
        {view === 'table' ? (
          <button
            type="button"
            className="btn sm"
            onClick={() =>
              download(`${question.events}.csv`, 'text/csv', csvOf(tableRows(rows, { split, value: question.value })))
            }
          >
            CSV
          </button>
        ) : (
          <Segmented
            label="Scale of values"
            value={search.scale ?? 'log'}
            choices={[
              ['log', 'Log'],
              ['linear', 'Linear'],
            ]}
            onChange={(scale) => change({ scale: scale === 'linear' ? scale : undefined })}
          />
        )}
      </header>
      {error === null ? null : <Failure error={error} onRetry={explored.refetch} dataAtMs={explored.dataAtMs} />}
      {isLoaded ? (
        <Shown {...props} rows={rows} valueName={valueName} />
      ) : error === null ? (
        <Skeleton height={500} />
      ) : null}
    </section>
  );
}

function Shown({
  explored,
  search,
  unit,
  selection,
  change,
  rows,
  valueName,
}: PictureProps & { readonly rows: Parameters<typeof PeriodsTable>[0]['rows']; readonly valueName: string }) {
  const { view, question } = explored;
  const isCounted = question.value === undefined;
  if (shownEvents(explored) === 0) {
    const isFiltered = question.conditions.length > 0;
    return (
      <Empty
        sentence={`No event ${isFiltered ? 'fits the conditions ' : ''}in this time.`}
        action={
          search.from === 'now-24h' || search.from === 'now-7d' ? null : (
            <button type="button" className="btn" onClick={() => change({ from: 'now-24h', to: undefined })}>
              Look at the last 24 h
            </button>
          )
        }
        command={`watchkeeper event list --name "${question.events}"`}
      />
    );
  }
  if (view === 'table') return <PeriodsTable rows={rows} split={search.split} isCounted={isCounted} unit={unit} />;
  return (
    <Plot
      {...{ explored, valueName, isCounted, selection }}
      unit={isCounted ? '' : unit}
      scale={search.scale ?? 'log'}
      sentence={plotSentence(explored, valueName)}
      onTable={() => change({ as: 'table' })}
      onSelect={(chosen) => change(selectionSearch(chosen))}
    />
  );
}

/** A selection as it stands in the address. What has no end in a direction has no key there. */
function selectionSearch(selection: Selection | undefined) {
  const instant = (atMs: number | undefined) => (atMs === undefined ? undefined : new Date(atMs).toISOString());
  const number = (value: number | undefined) =>
    value === undefined || !Number.isFinite(value) ? undefined : String(Number(value.toPrecision(6)));
  return {
    x0: instant(selection?.fromMs),
    x1: instant(selection?.toMs),
    y0: number(selection?.low),
    y1: number(selection?.high),
    lane: selection?.group,
  };
}

/** The selection that stands in the address; undefined when its times do not. */
export function selectionOf({ x0, x1, y0, y1, lane }: ExploreSearch): Selection | undefined {
  if (x0 === undefined || x1 === undefined || Date.parse(x0) >= Date.parse(x1)) return undefined;
  return {
    fromMs: Date.parse(x0),
    toMs: Date.parse(x1),
    low: y0 === undefined ? Number.NEGATIVE_INFINITY : Number(y0),
    high: y1 === undefined ? Number.POSITIVE_INFINITY : Number(y1),
    group: lane,
  };
}

function Legend({ view, isCounted }: { readonly view: Explored['view']; readonly isCounted: boolean }) {
  if (view === 'heat') {
    return (
      <span className="ramp s sub" aria-hidden="true">
        few <i /> many <span className="dim">by rank</span>
      </span>
    );
  }
  if (view === 'dots') return <ChartLegend />;
  if (view === 'table' || isCounted) return null;
  return (
    <span className="lg" aria-hidden="true">
      {lineKinds.map(({ name, title, dash, width }) => (
        <span key={name}>
          <svg width="24" height="8" aria-hidden="true">
            <path d="M0 4H24" stroke="var(--data-1)" strokeWidth={width} strokeDasharray={dash.join(' ')} />
          </svg>
          {title}
        </span>
      ))}
    </span>
  );
}
