import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { isSignedOut, useProduct, useSession } from '../api.ts';
import { Failure } from '../components/Failure.tsx';
import { Skeleton } from '../components/Skeleton.tsx';
import { useLiveStream } from '../live.ts';
import { Bar } from './Bar.tsx';
import { Ignored } from './Ignored.tsx';
import { KeysHelp } from './KeysHelp.tsx';
import { Rail } from './Rail.tsx';
import { TabBar } from './TabBar.tsx';
import { useKeys } from './use-keys.ts';

/** Everything around a page. Whoever is not signed in is sent to the sign-in page. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  const isOut = isSignedOut(session.error);
  useEffect(() => {
    if (isOut) void navigate({ to: '/login', search: {} });
  }, [isOut, navigate]);
  if (isOut) return null;
  if (session.data === undefined) {
    return (
      <div style={{ padding: 24 }}>
        {session.error === null ? (
          <Skeleton height={300} />
        ) : (
          <Failure error={session.error} onRetry={() => void session.refetch()} />
        )}
      </div>
    );
  }
  return <SignedIn />;
}

function SignedIn() {
  useLiveStream();
  const [isHelpShown, showHelp] = useState(false);
  useKeys(useCallback(() => showHelp(true), []));
  const { pathname } = useLocation();
  const product = useProduct();
  return (
    <div className="app">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <Rail />
      <div className="main">
        <Bar />
        {product.data?.demo === true ? (
          <div className="ribbon">Demo: three services in two environments, fed by the built-in website mock.</div>
        ) : null}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a page that scrolls must be reachable by keyboard */}
        <main className="page" id="page" key={pathname} tabIndex={0}>
          <Ignored />
          <Outlet />
        </main>
      </div>
      <TabBar />
      {isHelpShown ? <KeysHelp onClose={() => showHelp(false)} /> : null}
    </div>
  );
}
