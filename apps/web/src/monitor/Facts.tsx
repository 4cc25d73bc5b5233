import { Link } from '@tanstack/react-router';
import type { Monitor } from '@watchkeeper/model';
import { settingText } from '@watchkeeper/model/light';
import { limitsOf, shortText } from './checks.ts';

/** What a monitor does, in a line. */
export function Facts({ monitor }: { readonly monitor: Monitor }) {
  const { failMs, warnMs } = limitsOf(monitor.assertions);
  const target = targetOf(monitor);
  return (
    <div className="facts">
      <span className="mono cut" title={target}>
        {target}
      </span>
      <span>
        every <b>{settingText(monitor.interval)}</b>
      </span>
      {warnMs === undefined ? null : (
        <span>
          slow above <b>{shortText(warnMs)}</b>
        </span>
      )}
      <span>
        fails after <b>{failMs === undefined ? settingText(monitor.timeout) : shortText(failMs)}</b>
      </span>
      <span title={monitor.zones.join(', ')}>
        from <b>{monitor.zones.length === 1 ? monitor.zones[0] : `${monitor.zones.length} zones`}</b>
      </span>
      <Link to="/monitors" search={{ service: monitor.service, env: monitor.environment }}>
        {monitor.service} in {monitor.environment}
      </Link>
    </div>
  );
}

/** What is checked: an address with its method, a host with its port, or whatever short texts the options have. */
function targetOf({ type, options }: Monitor): string {
  const { url, method, host, port } = options;
  if (typeof url === 'string') return `${String(method ?? 'GET')} ${url}`;
  if (typeof host === 'string') return `${type} ${host}${port === undefined ? '' : `:${String(port)}`}`;
  return [type, ...Object.values(options).filter((value) => typeof value === 'string')].join(' ');
}
