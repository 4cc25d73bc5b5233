import type { StateCounts } from '@watchkeeper/model';
import { countText, type State, stateTitles } from '@watchkeeper/model/light';
import { useDeferredValue, useEffect, useState } from 'react';
import { Icon } from '../components/Icon.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import type { MonitorsSearch } from '../search.ts';

const counted: readonly State[] = ['failed', 'degraded', 'unknown', 'maintenance', 'ok', 'paused'];
const removable = ['service', 'tag', 'type', 'zone'] as const;

type Change = (change: { readonly [Key in keyof MonitorsSearch]?: MonitorsSearch[Key] | undefined }) => void;

/** What the list is filtered by: a text, a state with its count, and what came with a link. */
export function MonitorFilters({
  search,
  counts,
  onChange,
}: {
  readonly search: MonitorsSearch;
  readonly counts: StateCounts | undefined;
  readonly onChange: Change;
}) {
  return (
    <>
      <Find text={search.q ?? ''} onChange={(q) => onChange({ q })} />
      <div className="chips">
        {counted
          .filter((state) => (counts?.[state] ?? 0) > 0 || search.state === state)
          .map((state) => (
            <button
              key={state}
              type="button"
              className="chip"
              aria-pressed={search.state === state}
              onClick={() => onChange({ state: search.state === state ? undefined : state })}
            >
              <StateGlyph state={state} size={14} />
              {stateTitles[state]}
              <b>{countText(counts?.[state] ?? 0)}</b>
            </button>
          ))}
        {removable.map((key) =>
          search[key] === undefined ? null : (
            <button
              key={key}
              type="button"
              className="chip"
              aria-pressed="true"
              onClick={() => onChange({ [key]: undefined })}
            >
              {key} {search[key]}
              <Icon name="x" />
              <span className="visually-hidden">Remove this filter</span>
            </button>
          ),
        )}
      </div>
    </>
  );
}

function Find({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const settled = useDeferredValue(typed);
  useEffect(() => setTyped(text), [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was typed may change the address
  useEffect(() => {
    if (settled === text) return;
    const timer = setTimeout(() => onChange(settled), 100);
    return () => clearTimeout(timer);
  }, [settled]);
  return (
    <search className="find">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Filter monitors"
        placeholder="Name, service, target or label"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </search>
  );
}
