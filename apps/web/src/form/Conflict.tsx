/** Somebody saved another version meanwhile: what was typed stays until one of the two is chosen. */
export function Conflict({
  isBusy,
  onTheirs,
  onMine,
}: {
  readonly isBusy: boolean;
  readonly onTheirs: () => void;
  readonly onMine: () => void;
}) {
  return (
    <div className="notice is-degraded" role="alert">
      <div className="h3">Somebody changed this monitor meanwhile</div>
      <p>Nothing was saved. What you typed is still here.</p>
      <div className="row" style={{ marginTop: 8, flexWrap: 'wrap' }}>
        <button type="button" className="btn sm" disabled={isBusy} onClick={onTheirs}>
          Show their version, drop mine
        </button>
        <button type="button" className="btn sm" disabled={isBusy} onClick={onMine}>
          Save mine over it
        </button>
      </div>
    </div>
  );
}
