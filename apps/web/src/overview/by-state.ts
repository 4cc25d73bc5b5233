import type { Overview, Problem, State } from '@watchkeeper/model';

/** Problems with what suffers from another one below it. */
export function underTheirCauses(problems: readonly Problem[]): Problem[] {
  const isHeldBy = (problem: Problem, cause: Problem) =>
    problem.heldBy === cause.service && problem.environment === cause.environment && problem !== cause;
  const placed = new Set<Problem>();
  const place = (problem: Problem): Problem[] => {
    if (placed.has(problem)) return [];
    placed.add(problem);
    return [problem, ...problems.filter((other) => isHeldBy(other, problem)).flatMap(place)];
  };
  const causes = problems.filter((problem) => !problems.some((other) => isHeldBy(problem, other)));
  // Services that wait for each other in a circle have no cause among them; they come last.
  return [...causes, ...problems].flatMap(place);
}

/** An overview with only what is in a state; the counts stay, they lead back. */
export function onlyInState(overview: Overview, state: State | undefined): Overview {
  if (state === undefined) return overview;
  return {
    ...overview,
    problems: overview.problems.filter((problem) => problem.state === state),
    services: overview.services.filter(({ cells }) => cells.some((cell) => cell.state === state)),
  };
}
