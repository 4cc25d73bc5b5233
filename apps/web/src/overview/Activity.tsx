import { Link } from '@tanstack/react-router';
import type { ActivityEntry } from '@watchkeeper/model';
import { clockText } from '@watchkeeper/model/light';
import { Icon } from '../components/Icon.tsx';
import type { IconName } from '../components/icon-paths.ts';
import { StateGlyph } from '../components/StateGlyph.tsx';

const icons: Readonly<Record<ActivityEntry['kind'], IconName>> = {
  state: 'heartbeat',
  alert: 'bell',
  change: 'pencil',
  takeover: 'refresh',
};

/** What happened, newest first. */
export function Activity({ entries, nowMs }: { readonly entries: readonly ActivityEntry[]; readonly nowMs: number }) {
  return (
    <section className="card">
      <header>
        <h2 className="h2">Activity</h2>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="log" aria-label="Activity" tabIndex={0}>
        {entries.length === 0 ? (
          <p className="dim" style={{ padding: '10px 0' }}>
            Nothing happened yet.
          </p>
        ) : null}
        {entries.map((entry) => (
          <div className="l" key={`${entry.at} ${entry.title}`}>
            <time
              dateTime={entry.at}
              title={`${clockText(entry.at, nowMs)} UTC, ${new Date(entry.at).toLocaleString()} here`}
            >
              {clockText(entry.at, nowMs).slice(-8)}
            </time>
            {entry.state === null ? (
              <span className="g dim">
                <Icon name={icons[entry.kind]} className="small" />
              </span>
            ) : (
              <StateGlyph state={entry.state} size={14} />
            )}
            <div>
              <p>{entry.link === null ? entry.title : <Link to={entry.link}>{entry.title}</Link>}</p>
              {entry.note === '' ? null : <p className="dim s">{entry.note}</p>}
            </div>
          </div>
        ))}
      </section>
    </section>
  );
}
