import { type Static, Type } from 'typebox';
import { FoundName } from './catalogue.ts';
import { Duration, Nullable, SlugName } from './fields.ts';

/** Alert rules: what people want to be told of any events, whatever their name. */

/** `count`, `rate`, `absent`, or one number over a value: `avg(durationMs)`, `p95(durationMs)`. */
export const RuleAggregateText = Type.String({
  description:
    '`count` (events), `rate` (events per second), `absent` (no event), or `avg(x)`, `min(x)`, `max(x)`, `sum(x)`, `p95(x)` of a value',
  maxLength: 220,
  pattern: '^(count|rate|absent|(min|max|sum|avg|p\\d{1,2}(\\.\\d{1,3})?)\\([^\\u0000-\\u001f\\u007f]{1,200}\\))$',
});

const Limit = (description: string) => Type.Optional(Nullable(Type.Number({ description })));

export type AlertRuleInput = Static<typeof AlertRuleInput>;
export const AlertRuleInput = Type.Object(
  {
    name: SlugName('Unique within the tenant'),
    events: FoundName('Name of the events, as the catalogue has it'),
    where: Type.Optional(
      Type.Record(
        FoundName('Dimension or attribute'),
        Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 100 }),
        {
          description: 'Only events whose dimension, attribute, `outcome` or `reason` has one of these values',
          maxProperties: 20,
        },
      ),
    ),
    groupBy: Type.Optional(
      Type.Array(FoundName('Dimension or attribute'), {
        description: 'An alert of its own for every value of these',
        default: [],
        maxItems: 3,
        uniqueItems: true,
      }),
    ),
    aggregate: RuleAggregateText,
    window: Type.Optional(Duration('Time over which it is taken, 1s to 1d', { default: '5m' })),
    above: Limit('Alert when it is above this'),
    below: Limit('Alert when it is below this'),
    endsAt: Limit('The alert ends when it is back at this; the limit itself when left out'),
    for: Type.Optional(Duration('How long it must last before the alert begins, 0s to 1d', { default: '0s' })),
    endsAfter: Type.Optional(Duration('How long it must be well before the alert ends, 0s to 1d', { default: '0s' })),
    delay: Type.Optional(
      Duration('How long events may be under way: silence and sums are judged that much later, 0s to 10m', {
        default: '2s',
      }),
    ),
    state: Type.Optional(
      Type.Unsafe<'degraded' | 'failed'>(
        Type.Union([Type.Literal('degraded'), Type.Literal('failed')], {
          description: 'How bad it is; channels choose by it',
          default: 'failed',
        }),
      ),
    ),
    text: Type.Optional(Nullable(Type.String({ description: 'What people should know or do', maxLength: 500 }))),
    channels: Type.Optional(
      Type.Array(SlugName('A channel'), { description: 'Only these are told; empty means all that fit', default: [] }),
    ),
    paused: Type.Optional(Type.Boolean({ default: false })),
  },
  { $id: 'AlertRuleInput', additionalProperties: false },
);

/** A rule with everything filled in, as it is stored. */
export type AlertRuleDefinition = {
  readonly [Field in keyof AlertRuleInput]-?: Exclude<AlertRuleInput[Field], undefined>;
};

/** A rule with everything that was left out. */
export function filledInRule(input: AlertRuleInput): AlertRuleDefinition {
  return {
    ...{ name: input.name, events: input.events, where: input.where ?? {}, groupBy: input.groupBy ?? [] },
    ...{ aggregate: input.aggregate, window: input.window ?? '5m' },
    ...{ above: input.above ?? null, below: input.below ?? null, endsAt: input.endsAt ?? null },
    ...{ for: input.for ?? '0s', endsAfter: input.endsAfter ?? '0s', delay: input.delay ?? '2s' },
    ...{ state: input.state ?? 'failed' },
    ...{ text: input.text ?? null, channels: input.channels ?? [], paused: input.paused ?? false },
  };
}

export type AlertRule = Static<typeof AlertRule>;
export const AlertRule = Type.Object(
  {
    tenant: Type.String(),
    name: Type.String(),
    events: Type.String(),
    where: Type.Record(Type.String(), Type.Array(Type.String())),
    groupBy: Type.Array(Type.String()),
    aggregate: Type.String(),
    window: Type.String(),
    above: Nullable(Type.Number()),
    below: Nullable(Type.Number()),
    endsAt: Nullable(Type.Number()),
    for: Type.String(),
    endsAfter: Type.String(),
    delay: Type.String(),
    state: Type.Union([Type.Literal('degraded'), Type.Literal('failed')]),
    text: Nullable(Type.String()),
    channels: Type.Array(Type.String()),
    paused: Type.Boolean(),
    version: Type.Integer(),
    status: Type.Object({
      judgedAt: Nullable(Type.String({ description: 'Until when events were judged; null before the first time' })),
      groups: Type.Integer({ description: 'Groups that are known' }),
      open: Type.Integer({ description: 'Groups with an alert' }),
      leftOut: Type.Integer({ description: 'Events that were not counted since there are too many groups' }),
    }),
  },
  { $id: 'AlertRule' },
);

export type AlertRulePreview = Static<typeof AlertRulePreview>;
/** What a rule would have done, judged from the events as they are stored. */
export const AlertRulePreview = Type.Object(
  {
    from: Type.String(),
    to: Type.String(),
    groups: Type.Integer({ description: 'Groups that had events' }),
    alerts: Type.Array(
      Type.Object({
        group: Type.Record(Type.String(), Type.String()),
        openedAt: Type.String(),
        resolvedAt: Nullable(Type.String({ description: 'Null: it would be open now' })),
        value: Nullable(Type.Number({ description: 'Its value when it began' })),
      }),
      { description: 'By their beginning; the first 200' },
    ),
    values: Type.Array(
      Type.Object({ at: Type.String(), lowest: Nullable(Type.Number()), highest: Nullable(Type.Number()) }),
      { description: 'Lowest and highest value of all groups at each judgement, thinned to 300' },
    ),
  },
  { $id: 'AlertRulePreview' },
);
