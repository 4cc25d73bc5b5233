import type { State } from '@watchkeeper/model';
import { stateTitles } from '@watchkeeper/model/light';

export interface ZoneTile {
  readonly zone: string;
  /** What people call the zone. */
  readonly title: string;
  /** Undefined where nobody watches from there. */
  readonly state: State | undefined;
  /** Where the tile leads. */
  readonly href?: string;
}

/** One tile per zone, always in the same order: the place tells the zone, shape and colour the state. */
export function ZoneTiles({ tiles, label }: { readonly tiles: readonly ZoneTile[]; readonly label?: string }) {
  return (
    <span className="tiles">
      {tiles.map(({ zone, title, state, href }) => {
        if (state === undefined) return <span key={zone} className="tile" />;
        const name = `${label === undefined ? '' : `${label}, `}${title}: ${stateTitles[state]}`;
        const look = `tile is-${state}`;
        return href === undefined ? (
          <span key={zone} className={look} role="img" aria-label={name} title={name} />
        ) : (
          <a key={zone} className="to" href={href} aria-label={name} title={name} data-tile tabIndex={-1}>
            <i className={look} />
          </a>
        );
      })}
    </span>
  );
}
