import { Link } from '@tanstack/react-router';
import type { Overview, Problem } from '@watchkeeper/model';
import { clockText, lengthText, reasonTitle, stateTitles } from '@watchkeeper/model/light';
import { useState } from 'react';
import { StateGlyph } from '../components/StateGlyph.tsx';
import { ZoneTag } from '../components/StateTag.tsx';
import { Strip } from '../components/Strip.tsx';
import { keepGlobal } from '../use-search.ts';
import { underTheirCauses } from './by-state.ts';
import { namesOf } from './names.ts';

const shownAtFirst = 5;

/** What is not well, worst first; what suffers from something else stands below it. */
export function Problems({ overview }: { readonly overview: Overview }) {
  const [areAllShown, showAll] = useState(false);
  const ordered = underTheirCauses(overview.problems);
  if (ordered.length === 0) return null;
  const shown = areAllShown ? ordered : ordered.slice(0, shownAtFirst);
  return (
    <section className="card prob" aria-label="What is wrong">
      <div className="hd">
        <span>What is wrong</span>
        <span>Since</span>
        <span>Seen from</span>
        <span>Last 60 min</span>
        <span>What we did</span>
      </div>
      {shown.map((problem) => (
        <ProblemRow key={`${problem.service} ${problem.environment}`} problem={problem} overview={overview} />
      ))}
      {ordered.length > shown.length ? (
        <div className="more">
          <button type="button" className="btn sm" onClick={() => showAll(true)}>
            {ordered.length - shown.length} more
          </button>
        </div>
      ) : null}
    </section>
  );
}

function ProblemRow({ problem, overview }: { readonly problem: Problem; readonly overview: Overview }) {
  const names = namesOf(overview);
  const nowMs = Date.parse(overview.at);
  const { service, environment, state, since, reason, message, heldBy } = problem;
  const why = message ?? (reason === null ? stateTitles[state] : reasonTitle(reason));
  const [only] = problem.monitorIds;
  const content = (
    <>
      <div className={heldBy === null ? 'w' : 'w held'}>
        <StateGlyph state={state} size={18} />
        <div>
          <p className="cut">
            <b>{names.service(service)}</b> <span className="sub">in {names.environment(environment)}</span>
          </p>
          <p className="sub cut" title={why}>
            {why}
            {problem.allChecks > 1 ? ` on ${problem.failingChecks} of ${problem.allChecks} checks` : ''}
          </p>
        </div>
      </div>
      <div>
        <p style={{ fontWeight: 620, fontSize: 14 }}>{since === null ? '–' : lengthText(nowMs - Date.parse(since))}</p>
        <p className="dim s tn">{since === null ? '' : clockText(since, nowMs)}</p>
      </div>
      <div className="zt">
        {problem.zones.map((zone) => (
          <ZoneTag key={zone.zone} state={zone.state} code={names.zoneCode(zone.zone)} title={names.zone(zone.zone)} />
        ))}
      </div>
      <div>
        <Strip strip={problem.strip} />
      </div>
      <Told problem={problem} nowMs={nowMs} serviceTitle={names.service} />
    </>
  );
  if (problem.monitorIds.length === 1 && only !== undefined) {
    return (
      <Link className="r" data-row to="/monitors/$id" params={{ id: only }} search={keepGlobal}>
        {content}
      </Link>
    );
  }
  return (
    <Link
      className="r"
      data-row
      to="/monitors"
      search={(present: object) => ({ ...keepGlobal(present), service, env: environment })}
    >
      {content}
    </Link>
  );
}

function Told({
  problem,
  nowMs,
  serviceTitle,
}: {
  readonly problem: Problem;
  readonly nowMs: number;
  readonly serviceTitle: (name: string) => string;
}) {
  const { alert, heldBy } = problem;
  const [what, note] =
    heldBy !== null
      ? [`Needs ${serviceTitle(heldBy)}, so alerts are held`, 'Will tell if it lasts longer']
      : alert === null
        ? ['No alert', '']
        : alert.toldAt !== null
          ? [`Told ${alert.channels.join(', ')} at ${clockText(alert.toldAt, nowMs)}`, alert.lastError ?? '']
          : alert.lastError !== null
            ? ['Nobody could be told yet', alert.lastError]
            : ['Nobody is told of this', 'No channel wants this state'];
  return (
    <div style={{ minWidth: 0 }}>
      <p style={{ fontWeight: 500 }} className="cut">
        {what}
      </p>
      <p className="dim s cut" title={note}>
        {note}
      </p>
    </div>
  );
}
