import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, queryClient, useSession } from '../api.ts';
import { Icon } from '../components/Icon.tsx';
import { isDark, switchTheme } from './theme.ts';

/** Ends the session, also when the server cannot be told. */
export function useSignOut(): () => Promise<void> {
  const navigate = useNavigate();
  return async () => {
    try {
      await api.call('closeSession');
    } finally {
      queryClient.clear();
      await navigate({ to: '/login', search: {} });
    }
  };
}

export function useTheme(): readonly [boolean, () => void] {
  const [dark, setDark] = useState(isDark);
  return [
    dark,
    () => {
      switchTheme();
      setDark(isDark());
    },
  ];
}

/** Who is signed in, the theme, and the way out. */
export function Me() {
  const session = useSession().data;
  const signOut = useSignOut();
  const [dark, toggle] = useTheme();
  return (
    <div className="me">
      <span className="initials" aria-hidden="true">
        {session?.role.slice(0, 2).toUpperCase()}
      </span>
      <span className="cut" title={session?.name}>
        {session?.role}
      </span>
      <span className="sp" />
      <button type="button" className="icon-btn" aria-label={dark ? 'Light theme' : 'Dark theme'} onClick={toggle}>
        <Icon name={dark ? 'sun' : 'moon'} />
      </button>
      <button type="button" className="icon-btn" aria-label="Sign out" onClick={() => void signOut()}>
        <Icon name="logout" />
      </button>
    </div>
  );
}
