import { type Static, Type } from 'typebox';
import { AlertChannelInput } from './alert.ts';
import { AlertRuleInput } from './alert-rule.ts';
import { MonitorInput } from './monitor.ts';
import { RollupInput } from './rollup.ts';
import { EnvironmentInput, ServiceInput, ZoneInput } from './service.ts';
import { SinkInput } from './sink.ts';

/** Objects that can be kept as code. The kind stands in the field `kind`; without it an object is a Monitor. */
export const resourceKinds = {
  Environment: EnvironmentInput,
  Zone: ZoneInput,
  Service: ServiceInput,
  Rollup: RollupInput,
  AlertChannel: AlertChannelInput,
  AlertRule: AlertRuleInput,
  Sink: SinkInput,
  Monitor: MonitorInput,
} as const;
export type ResourceKind = keyof typeof resourceKinds;

export type ApplyInput = Static<typeof ApplyInput>;
export const ApplyInput = Type.Object(
  {
    objects: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      description: 'Objects with `kind` and the fields of that kind; `kind` may be left out for monitors',
      maxItems: 10_000,
    }),
    dryRun: Type.Optional(Type.Boolean({ description: 'Tell what would change and change nothing', default: false })),
    prune: Type.Optional(
      Type.Boolean({
        description: 'Delete monitors that an earlier apply made and that are no longer there',
        default: false,
      }),
    ),
  },
  { $id: 'ApplyInput', additionalProperties: false },
);

export type ApplyChange = Static<typeof ApplyChange>;
export const ApplyChange = Type.Object({
  kind: Type.String(),
  name: Type.String(),
  action: Type.Union([
    Type.Literal('create'),
    Type.Literal('update'),
    Type.Literal('delete'),
    Type.Literal('unchanged'),
  ]),
  fields: Type.Array(Type.Object({ field: Type.String(), before: Type.Unknown(), after: Type.Unknown() }), {
    description: 'What differs; secrets are never shown since objects hold only references',
  }),
});

export type ApplyResult = Static<typeof ApplyResult>;
export const ApplyResult = Type.Object(
  {
    dryRun: Type.Boolean(),
    changes: Type.Array(ApplyChange),
    created: Type.Integer(),
    updated: Type.Integer(),
    deleted: Type.Integer(),
    unchanged: Type.Integer(),
  },
  { $id: 'ApplyResult' },
);
