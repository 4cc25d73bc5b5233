import { type AlertRuleInput, filledInRule } from '@watchkeeper/model';
import type { RuleBucket } from '@watchkeeper/store';
import { describe, expect, it } from 'vitest';
import { previewRule } from './rule-preview.ts';

const second = 1000;
const bucket = (atS: number, ms: number, shop = 'north', count = 1): RuleBucket => ({
  ...{ groupKey: JSON.stringify([shop]), bucketMs: atS * second, count, valueCount: count, sum: ms * count },
  ...{ minimum: ms, maximum: ms, distribution: new Map() },
});
const preview = (over: Partial<AlertRuleInput>, buckets: RuleBucket[], toS = 10) =>
  previewRule(
    filledInRule({ name: 'r', events: 'e', aggregate: 'avg(ms)', window: '2s', groupBy: ['shop'], ...over }),
    buckets,
    { fromMs: 2 * second, toMs: toS * second },
  );

describe('The preview of a rule', () => {
  it('has the alerts that it would have made, per group, with beginning, end and value', () => {
    const { alerts, groups } = preview({ above: 100 }, [
      ...[bucket(1, 5), bucket(3, 500), bucket(5, 5), bucket(6, 5)],
      ...[bucket(7, 300, 'south')],
    ]);
    expect(groups).toBe(2);
    expect(
      alerts.map(({ group, openedAt, resolvedAt, value }) => [
        group.shop,
        openedAt.slice(17, 19),
        resolvedAt?.slice(17, 19),
        value,
      ]),
    ).toEqual([
      ['north', '04', '06', 500],
      ['south', '08', undefined, 300],
    ]);
  });

  it('adds a window up, not a bucket', () => {
    const { values } = preview({ aggregate: 'sum(ms)', above: 100 }, [bucket(3, 60), bucket(4, 60)], 6);
    expect(values.map(({ highest }) => highest)).toEqual([null, null, 60, 120, 60]);
  });

  it('sees silence, of a rule without groups even where no event ever came', () => {
    expect(preview({ aggregate: 'absent', groupBy: [] }, []).alerts.length).toBe(1);
    expect(preview({ aggregate: 'absent' }, [bucket(1, 1)]).alerts.length).toBe(1);
    expect(preview({ aggregate: 'absent' }, []).alerts).toEqual([]);
  });

  it('thins its values and keeps their extremes', () => {
    const { values } = preview({ above: 1e9 }, [bucket(1500, 7777)], 3000);
    expect(values.length).toBeLessThanOrEqual(300);
    expect(Math.max(...values.map(({ highest }) => highest ?? 0))).toBe(7777);
  });
});
