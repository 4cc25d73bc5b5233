import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { clockText, lengthText, settingText } from '@watchkeeper/model/light';
import { Fragment, useState } from 'react';
import { useNow } from '../clock.ts';
import { Announce } from '../components/Announce.tsx';
import { Icon } from '../components/Icon.tsx';
import { useLiveStatus } from '../live.ts';
import { defaultFrom, readerOf } from '../search.ts';
import { keepGlobal, useSearchOf } from '../use-search.ts';
import { useCurrentCrumbs } from './breadcrumbs.ts';
import { useWholeOverview } from './pages.ts';
import { useSelf } from './use-self.ts';

export function Bar() {
  const crumbs = useCurrentCrumbs();
  return (
    <header className="bar">
      <nav className="crumbs" aria-label="Breadcrumb">
        {crumbs.map(({ title, to }, index) => (
          <Fragment key={title}>
            {index === crumbs.length - 1 ? (
              <b>{title}</b>
            ) : (
              <Link to={to ?? '/'} search={keepGlobal}>
                {title}
              </Link>
            )}
            {index === crumbs.length - 1 ? null : <Icon name="chevron-right" />}
          </Fragment>
        ))}
      </nav>
      <span className="sp" />
      <Live />
      <Find />
      <EnvironmentPick />
      <TimePick />
    </header>
  );
}

/** After so long without an event the page is not known to be of now, milliseconds. */
const quietMs = 15_000;

function Live() {
  const stale = useSelf()?.stale;
  const { isLive, changedAtMs, newestAtMs } = useLiveStatus();
  const nowMs = useNow();
  // The stream needs a moment after the page was opened; that is no loss.
  if (!isLive && newestAtMs === null && nowMs - changedAtMs < 5000) return <span className="live">Connecting</span>;
  const { words, kind } = !isLive
    ? { words: `Not live since ${clockText(changedAtMs, nowMs)}`, kind: 'is-lost' }
    : stale !== undefined
      ? { words: `As of ${clockText(stale.atMs, nowMs)}`, kind: 'is-stale' }
      : newestAtMs === null
        ? { words: 'Live', kind: '' }
        : {
            words: `Live, ${lengthText(nowMs - newestAtMs)} ago`,
            kind: nowMs - newestAtMs > quietMs ? 'is-quiet' : '',
          };
  return (
    <>
      <span className={`live ${kind}`}>
        <i />
        {words}
      </span>
      <Announce text={isLive && stale === undefined ? 'Live' : words} />
    </>
  );
}

function Find() {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  return (
    <search className="find">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        aria-label="Search monitors"
        placeholder="Search"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            void navigate({
              to: '/monitors',
              search: (present: object) => ({ ...keepGlobal(present), ...(text === '' ? {} : { q: text }) }),
            });
          }
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <kbd>/</kbd>
    </search>
  );
}

/** Environment and time of whatever page this is; what else the page has in its address stays. */
const useGlobalSearch = () => useSearchOf(readerOf(useLocation().pathname));

function EnvironmentPick() {
  const [{ env }, change] = useGlobalSearch();
  const environments = useWholeOverview()?.environments ?? [];
  const isKnown = env === undefined || environments.some(({ name }) => name === env);
  return (
    <span className="pick env">
      <Icon name="world" />
      <select
        aria-label="Environment"
        value={env ?? ''}
        onChange={(event) => change({ env: event.target.value === '' ? undefined : event.target.value })}
      >
        <option value="">All environments</option>
        {environments.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
        {isKnown ? null : <option value={env}>{env}</option>}
      </select>
      <Icon name="chevron-down" className="ch" />
    </span>
  );
}

const ranges: readonly (readonly [string, string])[] = [
  ['now-15m', 'Last 15 min'],
  ['now-1h', 'Last 1 h'],
  ['now-6h', 'Last 6 h'],
  ['now-24h', 'Last 24 h'],
  ['now-7d', 'Last 7 d'],
];

function TimePick() {
  const [{ from = defaultFrom, to }, change] = useGlobalSearch();
  const isPreset = to === undefined && ranges.some(([value]) => value === from);
  return (
    <span className="pick time">
      <Icon name="clock" />
      <select
        aria-label="Time, UTC"
        value={isPreset ? from : 'chosen'}
        onChange={(event) => change({ from: event.target.value, to: undefined })}
      >
        {ranges.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
        {isPreset ? null : (
          <option value="chosen">
            {to === undefined ? `Last ${settingText(from.slice('now-'.length))}` : 'Chosen time'}
          </option>
        )}
      </select>
      <span className="unit" aria-hidden="true">
        UTC
      </span>
      <Icon name="chevron-down" className="ch" />
    </span>
  );
}
