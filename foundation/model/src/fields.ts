import { type TSchema, Type } from 'typebox';
import { durationPattern } from './duration.ts';

/** Fields that several objects share. */

/** Short machine name: services, environments, zones, tenants, rollups, channels. */
export const SlugName = (description: string) =>
  Type.String({ description, minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$' });

/** A name people read; not only blanks, no control characters, nothing that turns the direction of text. */
export const Title = (description: string) =>
  Type.String({
    description,
    minLength: 1,
    maxLength: 200,
    pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\u007f\\u202a-\\u202e\\u2066-\\u2069]+$',
  });

/** A duration with its unit, `30s`, `1m30s`. */
export const Duration = (description: string, extra: Record<string, unknown> = {}) =>
  Type.String({ description, maxLength: 40, pattern: durationPattern, ...extra });

export const Instant = (description: string) => Type.String({ description, format: 'date-time', maxLength: 40 });

/** `now-1h` or RFC 3339. */
export const TimeBound = (description: string) =>
  Type.String({
    description,
    maxLength: 40,
    pattern:
      '^(now(-(\\d+(ms|s|m|h|d))+)?|\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2}))$',
  });

export const Uuid = (description: string) => Type.String({ description, format: 'uuid', minLength: 36, maxLength: 36 });

export const Labels = Type.Record(
  Type.String({ minLength: 1, maxLength: 63, pattern: '^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$' }),
  Type.String({ maxLength: 200 }),
  { description: 'Free text labels for searching and grouping', maxProperties: 32 },
);

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A page of a list: ask again with `cursor = next` until it is null. */
export const Page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Nullable(Type.String({ description: 'Cursor of the next page' })) });

export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Rows per page' })),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: '`next` of the page before' })),
};
