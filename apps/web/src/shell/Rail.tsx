import { Link, useNavigate } from '@tanstack/react-router';
import type { Overview, State } from '@watchkeeper/model';
import { countText, millisecondsText } from '@watchkeeper/model/light';
import { useState } from 'react';
import { api, queryClient, useOverview, useSession } from '../api.ts';
import { Icon } from '../components/Icon.tsx';
import type { IconName } from '../components/icon-paths.ts';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { defaultFrom } from '../search.ts';
import { isDark, switchTheme } from './theme.ts';

const pages: readonly {
  readonly to: '/' | '/monitors' | '/settings/keys';
  readonly title: string;
  readonly icon: IconName;
}[] = [
  { to: '/', title: 'Overview', icon: 'layout-dashboard' },
  { to: '/monitors', title: 'Monitors', icon: 'heartbeat' },
  { to: '/settings/keys', title: 'Settings', icon: 'settings' },
];

/** How many monitors need a look, and how bad the worst of them is. */
function troubleOf(overview: Overview | undefined): { readonly state: State; readonly count: number } | undefined {
  if (overview === undefined) return undefined;
  const { failed, degraded } = overview.monitorCounts;
  if (failed > 0) return { state: 'failed', count: failed };
  return degraded > 0 ? { state: 'degraded', count: degraded } : undefined;
}

export function Rail() {
  const overview = useOverview(undefined, defaultFrom, 'now').data;
  const trouble = troubleOf(overview);
  return (
    <div className="rail">
      <Link className="brand" to="/">
        <Logo />
        Watchkeeper
      </Link>
      <nav className="nav" aria-label="Main">
        {pages.map(({ to, title, icon }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: to === '/', includeSearch: false }}
            activeProps={{ 'aria-current': 'page' }}
          >
            <Icon name={icon} />
            {title}
            {to === '/monitors' && trouble !== undefined ? (
              <span className={`n is-${trouble.state}`}>
                <StateGlyph state={trouble.state} size={11} />
                {countText(trouble.count)}
              </span>
            ) : null}
          </Link>
        ))}
      </nav>
      {overview === undefined ? <div className="self" /> : <Self self={overview.self} />}
      <Me />
    </div>
  );
}

const selfWords: Readonly<Record<State, string>> = {
  ok: 'Watchkeeper is well',
  degraded: 'Watchkeeper is behind',
  failed: 'Watchkeeper has trouble',
  unknown: 'Nothing was stored yet',
  maintenance: 'Watchkeeper is in maintenance',
  paused: 'Watchkeeper is paused',
};

function Self({ self }: { readonly self: Overview['self'] }) {
  const rate = self.eventsPerSecond >= 10 ? countText(self.eventsPerSecond) : self.eventsPerSecond.toFixed(1);
  return (
    <div className="self">
      <b>
        <StateGlyph state={self.state} size={12} />
        {selfWords[self.state]}
      </b>
      {rate} events/s, {countText(self.dropped)} dropped
      <br />
      {self.newestEventAgeMs === null ? 'No event yet' : `Newest event ${millisecondsText(self.newestEventAgeMs)} old`}
    </div>
  );
}

function Me() {
  const session = useSession().data;
  const navigate = useNavigate();
  const [dark, setDark] = useState(isDark);
  const signOut = async () => {
    await api.call('closeSession');
    queryClient.clear();
    await navigate({ to: '/login' });
  };
  return (
    <div className="me">
      <span className="cut" title={session?.name}>
        {session?.role}
      </span>
      <span className="sp" />
      <button
        type="button"
        className="icon-btn"
        aria-label={dark ? 'Light theme' : 'Dark theme'}
        onClick={() => {
          switchTheme();
          setDark(isDark());
        }}
      >
        <Icon name={dark ? 'sun' : 'moon'} />
      </button>
      <button type="button" className="icon-btn" aria-label="Sign out" onClick={() => void signOut()}>
        <Icon name="logout" />
      </button>
    </div>
  );
}

/** The main places on a narrow screen. */
export function TabBar() {
  const trouble = troubleOf(useOverview(undefined, defaultFrom, 'now').data);
  return (
    <nav className="tabbar" aria-label="Main, small screen">
      {pages.map(({ to, title, icon }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: to === '/', includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          <Icon name={icon} />
          {title}
          {to === '/monitors' && trouble !== undefined ? (
            <span className="dot">
              <StateGlyph state={trouble.state} size={12} />
            </span>
          ) : null}
        </Link>
      ))}
    </nav>
  );
}

export function Logo({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="10.2" fill="none" stroke="var(--ink-1)" strokeWidth="2" />
      <path d="M12 12L21.2 7.6A10.2 10.2 0 0 1 21.2 16.4z" fill="var(--accent)" />
      <circle cx="12" cy="12" r="2.4" fill="var(--ink-1)" />
    </svg>
  );
}
