import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { clockText, lengthText } from '@watchkeeper/model/light';
import { Fragment, useState } from 'react';
import { useOverview } from '../api.ts';
import { useNow } from '../clock.ts';
import { Icon } from '../components/Icon.tsx';
import { useLiveStatus } from '../live.ts';
import { defaultFrom, type GlobalSearch } from '../search.ts';
import { useCurrentCrumbs } from './breadcrumbs.ts';

export function Bar() {
  const crumbs = useCurrentCrumbs();
  return (
    <header className="bar">
      <nav className="crumbs" aria-label="Breadcrumb">
        {crumbs.map(({ title, to }, index) => (
          <Fragment key={title}>
            {index === crumbs.length - 1 ? <b>{title}</b> : <Link to={to ?? '/'}>{title}</Link>}
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

function Live() {
  const { isLive, changedAtMs, newestAtMs } = useLiveStatus();
  const nowMs = useNow();
  // The stream needs a moment after the page was opened; that is no loss.
  if (!isLive && newestAtMs === null && nowMs - changedAtMs < 5000) return <span className="live">Connecting</span>;
  return (
    <span className={isLive ? 'live' : 'live is-lost'} role="status">
      <i />
      {isLive
        ? `Live${newestAtMs === null ? '' : `, ${lengthText(nowMs - newestAtMs)} ago`}`
        : `Not live since ${clockText(changedAtMs, nowMs)}`}
    </span>
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
          if (event.key === 'Enter') void navigate({ to: '/monitors', search: text === '' ? {} : { q: text } });
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <kbd>/</kbd>
    </search>
  );
}

function useChange() {
  const navigate = useNavigate();
  return (change: (search: GlobalSearch) => GlobalSearch) => void navigate({ to: '.', search: change as never });
}

function EnvironmentPick() {
  const { env } = useSearch({ strict: false }) as GlobalSearch;
  const environments = useOverview(undefined, defaultFrom, 'now').data?.environments ?? [];
  const change = useChange();
  const isKnown = env === undefined || environments.some(({ name }) => name === env);
  return (
    <span className="pick env">
      <Icon name="world" />
      <select
        aria-label="Environment"
        value={env ?? ''}
        onChange={(event) =>
          change(({ env: _, ...rest }) => (event.target.value === '' ? rest : { ...rest, env: event.target.value }))
        }
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
  const { from = defaultFrom, to } = useSearch({ strict: false }) as GlobalSearch;
  const change = useChange();
  const isPreset = to === undefined && ranges.some(([value]) => value === from);
  return (
    <span className="pick">
      <Icon name="clock" />
      <select
        aria-label="Time, UTC"
        value={isPreset ? from : 'chosen'}
        onChange={(event) => {
          const value = event.target.value;
          change(({ from: _from, to: _to, ...rest }) => (value === defaultFrom ? rest : { ...rest, from: value }));
        }}
      >
        {ranges.map(([value, title]) => (
          <option key={value} value={value}>
            {title}
          </option>
        ))}
        {isPreset ? null : (
          <option value="chosen">{to === undefined ? from.replace('now-', 'Last ') : 'Chosen time'}</option>
        )}
      </select>
      <Icon name="chevron-down" className="ch" />
    </span>
  );
}
