import type { CatalogueName } from '@watchkeeper/model';
import { useState } from 'react';
import { CopyLink } from '../components/Copy.tsx';
import { Icon } from '../components/Icon.tsx';
import { Segmented } from '../components/Segmented.tsx';
import { useSettled } from '../form/use-settled.ts';
import type { ExploreSearch } from '../search.ts';
import { useAttributeValues, useCatalogue } from './catalogue-queries.ts';
import { type ChangeSearch, noSelection } from './change-search.ts';
import { groupTitle } from './draw-frame.ts';
import { fieldsOf } from './fields.ts';
import { Picker } from './Picker.tsx';
import { viewOf } from './use-explore.ts';
import { WhereChips } from './WhereChips.tsx';

interface Parts {
  readonly search: ExploreSearch;
  readonly entry: CatalogueName | undefined;
  readonly change: ChangeSearch;
}

/** The question as a sentence: Show, Where, Split by. */
export function Builder(parts: Parts) {
  const { search, entry, change } = parts;
  const { view } = viewOf(search, entry);
  return (
    <section className="card builder" aria-label="What is shown">
      <span className="label">Show</span>
      <div className="f">
        <NamePick {...parts} />
        <ValuePick {...parts} />
        <span className="and">as</span>
        <Segmented
          label="Shown as"
          value={view}
          choices={[
            ['heat', 'Heat map'],
            ['dots', 'Dots'],
            ['lines', 'Lines'],
            ['table', 'Table'],
          ]}
          onChange={(as) => change({ as: as === 'heat' ? undefined : as })}
        />
        <span className="sp" />
        <CopyLink />
      </div>
      <span className="label">Where</span>
      <WhereChips {...parts} />
      <span className="label">Split by</span>
      <SplitPick {...parts} />
    </section>
  );
}

function NamePick({ search, change }: Parts) {
  const [text, setText] = useState('');
  const found = useCatalogue(useSettled(text, 150));
  const choices = (found.data?.items ?? []).map(({ name, series }) => ({
    value: name,
    note: series === 1 ? '1 series' : `${series} series`,
  }));
  return (
    <Picker
      label={`Events: ${search.metric}`}
      choices={choices}
      onSearch={setText}
      onPick={(metric) =>
        change({ ...noSelection, metric, value: undefined, where: undefined, split: undefined, hl: undefined })
      }
    >
      <span className="cut">{search.metric}</span>
    </Picker>
  );
}

function ValuePick({ search, entry, change }: Parts) {
  const { value } = viewOf(search, entry);
  const values = entry?.values ?? [];
  if (value === undefined) return entry === undefined ? null : <span className="and">counted</span>;
  const choices = values.map(({ name, unit, description }) => ({ value: name, note: description ?? unit ?? '' }));
  return (
    <>
      <span className="and">by</span>
      <Picker
        label={`Value: ${value}`}
        choices={choices}
        onPick={(picked) => change({ ...noSelection, value: picked === values[0]?.name ? undefined : picked })}
      >
        <span className="cut">{value}</span>
      </Picker>
    </>
  );
}

function SplitPick({ search, entry, change }: Parts) {
  const { split } = search;
  const { view } = viewOf(search, entry);
  const choices = fieldsOf(entry)
    .filter(({ kind }) => kind === 'text')
    .map(({ name, values }) => ({
      value: name,
      note: values === 0 ? '' : `${values} ${values === 1 ? 'value' : 'values'}`,
    }));
  return (
    <div className="f">
      <Picker
        label={`Split by: ${split ?? 'nothing'}`}
        choices={choices}
        onPick={(picked) => change({ ...noSelection, split: picked, hl: undefined })}
      >
        {split === undefined ? <span className="dim">nothing</span> : <span className="cut">{split}</span>}
      </Picker>
      {split === undefined ? null : (
        <button
          type="button"
          className="btn sm ghost"
          aria-label="Split by nothing"
          onClick={() => change({ ...noSelection, split: undefined, hl: undefined })}
        >
          <Icon name="x" />
        </button>
      )}
      {split !== undefined && view === 'heat' && search.metric !== undefined ? (
        <HighlightPick search={search} metric={search.metric} split={split} change={change} />
      ) : null}
    </div>
  );
}

function HighlightPick({
  search: { hl },
  metric,
  split,
  change,
}: {
  readonly search: ExploreSearch;
  readonly metric: string;
  readonly split: string;
  readonly change: ChangeSearch;
}) {
  const [text, setText] = useState('');
  const isKept = split !== 'outcome' && split !== 'reason';
  const values = useAttributeValues(metric, isKept ? split : undefined, useSettled(text, 150));
  const choices = (isKept ? (values.data?.items ?? []) : []).map((value) => ({ value, title: groupTitle(value) }));
  if (hl !== undefined) {
    return (
      <>
        <span className="and">highlight</span>
        <span className="term">
          <i className="v is-highlight">
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" rx="2.5" fill="var(--data-2)" />
            </svg>
            {groupTitle(hl)}
          </i>
          <button
            type="button"
            aria-label={`Highlight nothing`}
            onClick={() => change({ ...noSelection, hl: undefined })}
          >
            <Icon name="x" />
          </button>
        </span>
      </>
    );
  }
  return (
    <>
      <span className="and">highlight</span>
      <Picker
        label="Highlight: nothing"
        choices={choices}
        onSearch={setText}
        isFree
        onPick={(picked) => change({ ...noSelection, hl: picked })}
      >
        <span className="dim">nothing</span>
      </Picker>
    </>
  );
}
