import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router';
import '../settings/settings.css';

const tabs = [
  { to: '/settings/keys', title: 'Keys' },
  { to: '/settings/alerts', title: 'Alerts' },
  { to: '/settings/sinks', title: 'Sinks' },
  { to: '/settings/changes', title: 'Changes' },
] as const;

export function SettingsPage() {
  const { pathname } = useLocation();
  if (pathname === '/settings') return <Navigate to="/settings/keys" replace />;
  return (
    <>
      <h1 className="h1" style={{ marginBottom: 12 }}>
        Settings
      </h1>
      <nav className="tabs" aria-label="Settings">
        {tabs.map(({ to, title }) => (
          <Link key={to} to={to} activeProps={{ 'aria-current': 'page' }}>
            {title}
          </Link>
        ))}
      </nav>
      <Outlet />
    </>
  );
}
