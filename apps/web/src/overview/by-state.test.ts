import type { Overview, Problem } from '@watchkeeper/model';
import { describe, expect, it } from 'vitest';
import { onlyInState, underTheirCauses } from './by-state.ts';

const aProblem = (service: string, heldBy: string | null = null, environment = 'production') =>
  ({ service, heldBy, environment, state: heldBy === null ? 'failed' : 'degraded' }) as Problem;
const names = (problems: readonly Problem[]) => problems.map(({ service }) => service);

describe('problems', () => {
  it('stand under what causes them, also over several steps', () => {
    const problems = [aProblem('shop', 'payments'), aProblem('search'), aProblem('mail', 'shop'), aProblem('payments')];
    expect(names(underTheirCauses(problems))).toEqual(['search', 'payments', 'shop', 'mail']);
  });
  it('are not lost when services wait for each other in a circle, or for one that is well', () => {
    const circle = [aProblem('a', 'b'), aProblem('b', 'a'), aProblem('c', 'well')];
    expect(names(underTheirCauses(circle)).toSorted()).toEqual(['a', 'b', 'c']);
  });
  it('of another environment are no cause', () => {
    expect(names(underTheirCauses([aProblem('shop', 'payments'), aProblem('payments', null, 'staging')]))).toEqual([
      'shop',
      'payments',
    ]);
  });
});

describe('an overview of one state', () => {
  it('keeps the services that are in it somewhere', () => {
    const service = (name: string, ...states: string[]) => ({ name, cells: states.map((state) => ({ state })) });
    const overview = {
      problems: [aProblem('a'), aProblem('b', 'a')],
      services: [service('a', 'failed', 'ok'), service('b', 'degraded'), service('c', 'ok')],
    } as unknown as Overview;
    const { problems, services } = onlyInState(overview, 'failed');
    expect(names(problems)).toEqual(['a']);
    expect(services.map(({ name }) => name)).toEqual(['a']);
    expect(onlyInState(overview, undefined)).toBe(overview);
  });
});
