import { millisecondsText, preciseClockText, reasonTitle, stateTitles } from '@watchkeeper/model/light';
import { phases } from '../components/PhaseBar.tsx';
import { StateGlyph } from '../components/StateGlyph.tsx';
import type { Check } from './checks.ts';

/** What became of a check, in words. */
export function outcomeText({ outcome, reason, isRetried }: Check): string {
  const word =
    outcome === 'ok' || reason === null
      ? stateTitles[outcome === 'skipped' ? 'unknown' : outcome]
      : reasonTitle(reason);
  return isRetried ? `${word}, tried again` : word;
}

/** All that is known of one check in a sentence: for those who hear the chart. */
export function checkSentence(check: Check, zoneTitle: (zone: string) => string): string {
  return `${preciseClockText(check.atMs)}, ${zoneTitle(check.zone)}: ${outcomeText(check)}, ${millisecondsText(check.values.durationMs)}`;
}

/** One check with its phases, beside its mark. */
export function CheckTip({
  check,
  zoneTitle,
  style,
  onClose,
}: {
  readonly check: Check;
  readonly zoneTitle: (zone: string) => string;
  readonly style: { readonly top: number; readonly left?: number; readonly right?: number };
  /** Given when it is pinned. */
  readonly onClose?: () => void;
}) {
  return (
    <div className={onClose === undefined ? 'tip' : 'tip is-pinned'} style={style}>
      <div className="r">
        <span className={`st is-${check.outcome}`}>
          <StateGlyph state={check.outcome} size={13} />
          {outcomeText(check)}
        </span>
        <span className="dim tn" title={new Date(check.atMs).toLocaleString()}>
          {preciseClockText(check.atMs)}
        </span>
      </div>
      <div className="sub">{zoneTitle(check.zone)}</div>
      {phases.map(({ value, title }) =>
        check.values[value] === null || check.values[value] === undefined ? null : (
          <div key={value} className="r">
            <span className="sub">{title}</span>
            <b className="tn">{millisecondsText(check.values[value])}</b>
          </div>
        ),
      )}
      <div className="r">
        <span className="sub">Total</span>
        <b className="tn">{millisecondsText(check.values.durationMs)}</b>
      </div>
      {onClose === undefined ? null : (
        <button type="button" className="btn sm" onClick={onClose}>
          Close
        </button>
      )}
    </div>
  );
}
