import type { State } from '@watchkeeper/model';
import { stateTitles } from '@watchkeeper/model/light';
import { StateGlyph } from './StateGlyph.tsx';

/** A state as shape and word. */
export function StateTag({
  state,
  text,
  size = 16,
}: {
  readonly state: State;
  readonly text?: string;
  readonly size?: number;
}) {
  return (
    <span className={`st is-${state}`}>
      <StateGlyph state={state} size={size} />
      {text ?? stateTitles[state]}
    </span>
  );
}

/** A zone and its state, small. */
export function ZoneTag({
  state,
  code,
  title,
}: {
  readonly state: State;
  readonly code: string;
  readonly title: string;
}) {
  return (
    <span className={`tag is-${state}`} title={`${title}: ${stateTitles[state]}`}>
      <StateGlyph state={state} size={11} />
      {code}
      <span className="visually-hidden"> {stateTitles[state]}</span>
    </span>
  );
}
