import { Link } from '@tanstack/react-router';
import { Copy } from '../components/Copy.tsx';

/** How anybody can send a first event: the line protocol of InfluxDB, by curl. */
const snippet = (origin: string) =>
  [
    `curl -X POST '${origin}/write?db=watchkeeper' \\`,
    `  -H 'Authorization: Token KEY' \\`,
    `  --data-binary 'checkout,shop=berlin durationMs=182.5'`,
  ].join('\n');

/** What the page says before the first event: what to do. */
export function NothingYet({ name }: { readonly name?: string }) {
  const text = snippet(location.origin);
  return (
    <section className="card nothing">
      <h2 className="h2">{name === undefined ? 'Nothing has arrived yet' : `No event “${name}” has arrived yet`}</h2>
      <p className="sub">
        Send a line of InfluxDB’s line protocol; any name, tags and numbers will do. It shows here within two seconds.
        KEY is a key with the role ingest, made in <Link to="/settings/keys">Settings, Keys</Link>.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre className="mono" tabIndex={0}>
        {text}
      </pre>
      <div className="row">
        <Copy textOf={() => text}>Copy</Copy>
        {name === undefined ? null : (
          <Link className="btn sm" to="/explore">
            What has arrived
          </Link>
        )}
      </div>
    </section>
  );
}
