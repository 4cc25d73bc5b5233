import { isNotFound } from '../api.ts';
import { Failure } from '../components/Failure.tsx';
import { Builder } from '../explore/Builder.tsx';
import { CatalogueList } from '../explore/CatalogueList.tsx';
import { useCatalogueName } from '../explore/catalogue-queries.ts';
import type { ChangeSearch } from '../explore/change-search.ts';
import { NothingYet } from '../explore/NothingYet.tsx';
import { Picture, selectionOf } from '../explore/Picture.tsx';
import { SelectionPanel } from '../explore/SelectionPanel.tsx';
import { useExplore } from '../explore/use-explore.ts';
import { type ExploreSearch, readExploreSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { useSearchOf } from '../use-search.ts';
import '../monitor/monitor.css';
import '../monitor/monitors.css';
import '../explore/explore.css';

/** Events of any name: which there are, and what they say. */
export function ExplorePage() {
  const [search, change] = useSearchOf(readExploreSearch);
  return search.metric === undefined ? (
    <CatalogueList search={search} change={change} />
  ) : (
    <Metric key={search.metric} name={search.metric} search={search} change={change} />
  );
}

function Metric({
  name,
  search,
  change,
}: {
  readonly name: string;
  readonly search: ExploreSearch;
  readonly change: ChangeSearch;
}) {
  useCrumbs({ title: 'Explore', to: '/explore' }, { title: name });
  const entry = useCatalogueName(name);
  const explored = useExplore(search, entry.data);
  const selection = selectionOf(search);
  const unit = entry.data?.values.find((value) => value.name === explored.question.value)?.unit ?? '';
  return (
    <>
      <h1 className="visually-hidden">{name}</h1>
      <Builder search={search} entry={entry.data} change={change} />
      {entry.error === null ? null : isNotFound(entry.error) ? (
        <NothingYet name={name} />
      ) : (
        <Failure error={entry.error} onRetry={() => void entry.refetch()} dataAtMs={entry.dataUpdatedAt} />
      )}
      {entry.data === undefined ? null : (
        <div className={selection === undefined ? 'explored' : 'explored has-panel'}>
          <Picture {...{ explored, search, unit, selection, change }} entry={entry.data} />
          {selection === undefined ? null : (
            <SelectionPanel {...{ explored, search, unit, selection, change }} entry={entry.data} />
          )}
        </div>
      )}
    </>
  );
}
