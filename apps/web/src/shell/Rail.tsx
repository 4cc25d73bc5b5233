import { Link, useLocation } from '@tanstack/react-router';
import { countText } from '@watchkeeper/model/light';
import { Icon } from '../components/Icon.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { keepGlobal } from '../use-search.ts';
import { Logo } from './Logo.tsx';
import { Me } from './Me.tsx';
import { isCurrent, pages, useTrouble } from './pages.ts';
import { SelfHealth } from './SelfHealth.tsx';

export function Rail() {
  const trouble = useTrouble();
  const { pathname } = useLocation();
  return (
    <div className="rail">
      <Link className="brand" to="/" search={keepGlobal}>
        <Logo />
        Watchkeeper
      </Link>
      <nav className="nav" aria-label="Main">
        {pages.map(({ to, title, icon }) => (
          <Link key={to} to={to} search={keepGlobal} aria-current={isCurrent(to, pathname) ? 'page' : undefined}>
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
      <SelfHealth />
      <Me />
    </div>
  );
}
