import { describe, expect, it } from 'vitest';
import { type AlertRuleInput, filledInRule } from './alert-rule.ts';
import { alertSubject, ruleConditionText, ruleSentence } from './format/rules.ts';
import { type GroupStanding, judgeRule, ruleValue, standingAtFirst, timesOfRule } from './judge-rule.ts';

const rule = (over: Partial<AlertRuleInput>) =>
  filledInRule({ name: 'r', events: 'order.placed', aggregate: 'avg(ms)', window: '1m', ...over });

/** States after looks at 0 s, 1 s, …: `!` open, `.` not; `isWhole` unless said otherwise. */
function run(over: Partial<AlertRuleInput>, values: readonly (number | null)[], isWhole = true): string {
  let standing: GroupStanding = standingAtFirst;
  return values
    .map((value, second) => {
      standing = judgeRule(rule(over), standing, { atMs: second * 1000, value, isWhole });
      return standing.isOpen ? '!' : '.';
    })
    .join('');
}

describe('An alert rule', () => {
  it('opens above its limit, not at it, and ends when the value is back', () => {
    expect(run({ above: 10 }, [9, 10, 11, 10, 9])).toBe('..!..');
    expect(run({ below: 10 }, [11, 10, 9, 10])).toBe('..!.');
  });

  it('waits as long as the limit must be broken without an end', () => {
    expect(run({ above: 10, for: '2s' }, [11, 11, 9, 11, 11, 11, 11])).toBe('.....!!');
  });

  it('ends only when the value is back where it should be, and for long enough', () => {
    expect(run({ above: 10, endsAt: 5 }, [11, 8, 6, 5, 8])).toBe('!!!..');
    expect(run({ above: 10, endsAfter: '2s' }, [11, 1, 1, 11, 1, 1, 1])).toBe('!!!!!!.');
  });

  it('never takes missing data for zero: nothing begins and nothing ends', () => {
    expect(run({ below: 5 }, [null, null])).toBe('..');
    expect(run({ above: 5 }, [6, null, null, 4])).toBe('!!!.');
    expect(run({ above: 5, for: '2s' }, [6, null, 6])).toBe('..!');
    expect(run({ aggregate: 'count', below: 5 }, [null, 3, null])).toBe('.!!');
  });

  it('on too many events ends when none come any more', () => {
    expect(run({ aggregate: 'count', above: 5 }, [6, null])).toBe('!.');
  });

  it('on silence opens only where somebody looked all the time', () => {
    expect(run({ aggregate: 'absent' }, [1, 0, 0, 2])).toBe('.!!.');
    expect(run({ aggregate: 'absent' }, [0, 0], false)).toBe('..');
    expect(run({ aggregate: 'count', below: 5 }, [3, 3], false)).toBe('..');
  });

  it('is judged in steps that its window is made of', () => {
    for (const [window, stepMs] of [
      ['1s', 1000],
      ['30s', 1000],
      ['1m', 2000],
      ['5m', 15_000],
      ['7s', 1000],
      ['1d', 300_000],
    ] as const) {
      expect([window, timesOfRule(rule({ window })).stepMs]).toEqual([window, stepMs]);
    }
  });

  it('looks at what its aggregate says', () => {
    const sums = { count: 4, valueCount: 2, sum: 30, minimum: 10, maximum: 20, distribution: new Map([[64, 2]]) };
    const of = (aggregate: string) => ruleValue(aggregate, sums, 2000);
    expect(['count', 'rate', 'avg(x)', 'min(x)', 'max(x)', 'sum(x)'].map(of)).toEqual([4, 2, 15, 10, 20, 30]);
    expect(of('p50(x)')).toBeCloseTo(16.5);
    expect(ruleValue('avg(x)', { ...sums, valueCount: 0 }, 2000)).toBeNull();
    expect(ruleValue('count', undefined, 2000)).toBeNull();
  });

  it('says what it saw, and where', () => {
    expect(ruleSentence(rule({ above: 400 }), 512.123456)).toBe('avg(ms) of order.placed over 1m is 512.1, above 400');
    expect(ruleSentence(rule({ aggregate: 'absent', text: 'Call Ann' }), 0)).toBe(
      'Call Ann (no event order.placed for 1m)',
    );
    expect(ruleConditionText(rule({ above: 400, for: '2m' }))).toBe('avg(ms) of order.placed over 1m above 400 for 2m');
    const place = { service: '', environment: '', rule: 'slow' };
    expect(alertSubject({ ...place, group: { shop: 'north', tier: '' } })).toBe('slow (shop=north, tier=–)');
    expect(alertSubject({ ...place, group: {} })).toBe('slow');
    expect(alertSubject({ service: 'shop', environment: 'prod' })).toBe('shop in prod');
  });
});
