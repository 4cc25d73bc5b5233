import type { Zone } from '@watchkeeper/model';

/** From where it is watched. */
export function ZonesField({
  zones,
  chosen,
  problem,
  onChange,
}: {
  readonly zones: readonly Zone[];
  readonly chosen: readonly string[];
  readonly problem: string | undefined;
  readonly onChange: (zones: string[]) => void;
}) {
  // A zone that was taken away meanwhile can still be left.
  const gone = chosen.filter((name) => !zones.some((zone) => zone.name === name));
  const all = [...zones, ...gone.map((name) => ({ name, title: name, watched: false }))];
  return (
    <fieldset aria-invalid={problem !== undefined}>
      <legend>Zones</legend>
      <div className="checks-row">
        {all.map((zone) => (
          <label key={zone.name} className="check light">
            <input
              type="checkbox"
              checked={chosen.includes(zone.name)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, zone.name] : chosen.filter((other) => other !== zone.name))
              }
            />
            {zone.title}
            {zone.watched ? null : <span className="dim">(nobody watches from there now)</span>}
          </label>
        ))}
      </div>
      {problem === undefined ? null : <p className="wrong">{problem}</p>}
    </fieldset>
  );
}
