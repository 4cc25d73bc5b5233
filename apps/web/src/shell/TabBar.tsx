import { Link, useLocation } from '@tanstack/react-router';
import type { State } from '@watchkeeper/model';
import { useState } from 'react';
import { useSession } from '../api.ts';
import { Dialog } from '../components/Dialog.tsx';
import { Icon } from '../components/Icon.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { keepGlobal } from '../use-search.ts';
import { useSignOut, useTheme } from './Me.tsx';
import { isCurrent, pages, useTrouble } from './pages.ts';
import { SelfHealth } from './SelfHealth.tsx';
import { useSelf } from './use-self.ts';

/** The main places on a narrow screen; what the rail has besides is under More. */
export function TabBar() {
  const trouble = useTrouble();
  const self = useSelf();
  const isSelfWell =
    self === undefined || (self.stale === undefined && self.state !== 'failed' && self.state !== 'degraded');
  const marks: Readonly<Record<string, State | undefined>> = {
    '/monitors': trouble?.state,
    '/system/processes': isSelfWell ? undefined : self.stale === undefined ? self.state : 'failed',
  };
  const { pathname } = useLocation();
  const [isOpen, open] = useState(false);
  return (
    <nav className="tabbar" aria-label="Main, small screen">
      {pages.map(({ to, title, icon }) => (
        <Link key={to} to={to} search={keepGlobal} aria-current={isCurrent(to, pathname) ? 'page' : undefined}>
          <Icon name={icon} />
          {title}
          <Mark state={marks[to]} />
        </Link>
      ))}
      <button type="button" onClick={() => open(true)}>
        <Icon name="dots" />
        More
      </button>
      {isOpen ? <More onClose={() => open(false)} /> : null}
    </nav>
  );
}

function Mark({ state }: { readonly state: State | undefined }) {
  if (state === undefined) return null;
  return (
    <span className="dot">
      <StateGlyph state={state} size={12} />
    </span>
  );
}

function More({ onClose }: { readonly onClose: () => void }) {
  const session = useSession().data;
  const signOut = useSignOut();
  const [dark, toggle] = useTheme();
  return (
    <Dialog title="More" onClose={onClose}>
      <SelfHealth onFollow={onClose} />
      <p className="sub">
        Signed in as {session?.name} ({session?.role})
      </p>
      <footer>
        <button type="button" className="btn" onClick={toggle}>
          <Icon name={dark ? 'sun' : 'moon'} />
          {dark ? 'Light theme' : 'Dark theme'}
        </button>
        <button type="button" className="btn" onClick={() => void signOut()}>
          <Icon name="logout" />
          Sign out
        </button>
        <button type="button" className="btn primary" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}
