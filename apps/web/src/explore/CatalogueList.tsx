import { Link } from '@tanstack/react-router';
import type { CatalogueName } from '@watchkeeper/model';
import { countText, lengthText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { useNow } from '../clock.ts';
import { Empty, Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { useSettled } from '../form/use-settled.ts';
import type { ExploreSearch } from '../search.ts';
import { useCrumbs } from '../shell/breadcrumbs.ts';
import { keepGlobal } from '../use-search.ts';
import { useCatalogue } from './catalogue-queries.ts';
import type { ChangeSearch } from './change-search.ts';
import { NothingYet } from './NothingYet.tsx';

/** Everything that arrives, by name: where exploring begins. */
export function CatalogueList({ search, change }: { readonly search: ExploreSearch; readonly change: ChangeSearch }) {
  useCrumbs({ title: 'Explore' });
  const [text, setText] = useState(search.q ?? '');
  const q = useSettled(text, 200);
  const { data, error, refetch, dataUpdatedAt } = useCatalogue(q);
  const isEmpty = data?.items.length === 0;
  return (
    <>
      <div className="title">
        <h1 className="h1">Explore</h1>
        {data === undefined ? null : (
          <span className="dim">
            {countText(data.items.length)}
            {data.next === null ? '' : ' or more'} {data.items.length === 1 ? 'name' : 'names'} of events
          </span>
        )}
      </div>
      {error === null ? null : <Failure error={error} onRetry={() => void refetch()} dataAtMs={dataUpdatedAt} />}
      {isEmpty && q === '' ? (
        <NothingYet />
      ) : (
        <>
          <div className="tools">
            <input
              className="input find-name"
              type="search"
              aria-label="Search names of events"
              placeholder="Name of events"
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                change({ q: event.target.value === '' ? undefined : event.target.value });
              }}
            />
          </div>
          {data === undefined && error === null ? <Skeleton height={300} /> : null}
          {data === undefined ? null : (
            <section className={error === null ? 'card' : 'card stale'}>
              {isEmpty ? <Empty sentence="No name of events has this text." /> : <Names items={data.items} />}
              {data.next === null ? null : <p className="s dim note">There are more; search for the one you want.</p>}
            </section>
          )}
        </>
      )}
    </>
  );
}

function Names({ items }: { readonly items: readonly CatalogueName[] }) {
  const nowMs = useNow();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="wide" aria-label="Names of events" tabIndex={0}>
      <table className="names">
        <thead>
          <tr>
            <th scope="col">Events</th>
            <th scope="col">Values</th>
            <th scope="col">Told apart by</th>
            <th scope="col" className="num">
              Series
            </th>
            <th scope="col" className="num">
              Last seen
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.name}>
              <td>
                <Link
                  data-row
                  to="/explore"
                  search={(present: object) => ({ ...keepGlobal(present), metric: item.name })}
                >
                  {item.name}
                </Link>
              </td>
              <td className="sub">{valuesText(item)}</td>
              <td className="sub">{attributesText(item)}</td>
              <td className="num">{countText(item.series)}</td>
              <td className="num">{lengthText(nowMs - Date.parse(item.lastSeen))} ago</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const mostNamed = 4;
const named = (all: readonly string[]) =>
  all.length > mostNamed ? `${all.slice(0, mostNamed).join(', ')} and ${all.length - mostNamed} more` : all.join(', ');

function valuesText({ values }: CatalogueName): string {
  const texts = values.map(({ name, unit }) => (unit === null ? name : `${name} (${unit})`));
  return texts.length === 0 ? 'counted only' : named(texts);
}

const attributesText = ({ dimensions, attributes }: CatalogueName) =>
  named([...dimensions, ...attributes].filter(({ values }) => values > 0).map(({ name }) => name)) || '–';
