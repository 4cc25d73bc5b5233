import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { api, queryClient } from '../api.ts';
import { Failure } from '../components/Failure.tsx';
import { Logo } from '../shell/Logo.tsx';

/** Takes the token of a sign-in link out of the address, or asks for a key. */
export function LoginPage() {
  const navigate = useNavigate();
  const [key, setKey] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const triedToken = useRef('');

  const signIn = async (body: { readonly token: string } | { readonly key: string }) => {
    setBusy(true);
    setError(null);
    try {
      await api.call('openSession', { body });
      queryClient.clear();
      await navigate({ to: '/' });
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };

  // The token works once, so it is sent once, and it leaves the address and the history at once. A link that is pasted
  // over this page changes only the fragment.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page is opened
  useEffect(() => {
    document.title = 'Sign in · Watchkeeper';
    const takeToken = () => {
      const token = new URLSearchParams(location.hash.slice(1)).get('token');
      if (token === null) return;
      history.replaceState(history.state, '', '/login');
      if (token === triedToken.current) return;
      triedToken.current = token;
      void signIn({ token });
    };
    takeToken();
    window.addEventListener('hashchange', takeToken);
    return () => window.removeEventListener('hashchange', takeToken);
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signIn({ key });
  };
  return (
    <main style={{ display: 'grid', placeItems: 'center', minHeight: '100vh', padding: 16 }}>
      <div className="card" style={{ width: 'min(420px, 100%)', padding: 28 }}>
        <div className="row" style={{ marginBottom: 18 }}>
          <Logo size={28} />
          <h1 className="h1">Watchkeeper</h1>
        </div>
        {error === null ? null : <Failure error={error} />}
        <p className="sub" style={{ marginBottom: 18 }}>
          Nobody is signed in here. <code className="mono">watchkeeper login-link</code> prints a new sign-in link; or
          sign in with an API key.
        </p>
        <form onSubmit={submit}>
          <div className="field">
            <label htmlFor="key">API key</label>
            <input
              id="key"
              className="input mono"
              type="password"
              autoComplete="current-password"
              required
              value={key}
              onChange={(event) => setKey(event.target.value)}
            />
          </div>
          <button type="submit" className="btn primary" disabled={isBusy}>
            {isBusy ? 'Signing in' : 'Sign in'}
          </button>
        </form>
      </div>
    </main>
  );
}
