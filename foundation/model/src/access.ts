import { type Static, Type } from 'typebox';
import { Duration, Instant, Nullable, SlugName, Title } from './fields.ts';

/**
 * What a key may do. `viewer` reads; `editor` also changes objects of its tenant; `operator` also starts and stops
 * things and sees all tenants; `admin` also manages keys and the database. `ingest` only sends events; `agent` is a
 * scheduler in a remote zone: it sends events too, and reads what it has to check and nothing else.
 */
export const roles = ['viewer', 'editor', 'operator', 'admin', 'ingest', 'agent'] as const;
export const Role = Type.Unsafe<(typeof roles)[number]>(Type.Union(roles.map((role) => Type.Literal(role))));
export type Role = (typeof roles)[number];

const rank: Readonly<Record<Role, number>> = { ingest: 0, agent: 0, viewer: 1, editor: 2, operator: 3, admin: 4 };

/** Whether a key of role `has` may use a route that asks for `needed`. */
export function mayAct(has: Role, needed: Role): boolean {
  if (needed === 'ingest') return has === 'ingest' || has === 'agent' || has === 'admin';
  if (needed === 'agent') return has === 'agent' || has === 'admin';
  return rank[has] >= rank[needed];
}

export type KeyInput = Static<typeof KeyInput>;
export const KeyInput = Type.Object(
  {
    name: Title('What it is for'),
    role: Role,
    tenant: Type.Optional(SlugName('Tenant it acts in; `default` when left out')),
    expiresIn: Type.Optional(Duration('How long it is valid; for ever when left out')),
  },
  { $id: 'KeyInput', additionalProperties: false },
);

export type Key = Static<typeof Key>;
export const Key = Type.Object(
  {
    id: Type.String({ description: 'Public part of the key' }),
    name: Type.String(),
    role: Role,
    tenant: Type.String(),
    createdAt: Instant('When it was made'),
    expiresAt: Nullable(Instant('When it stops being valid')),
    lastUsedAt: Nullable(Instant('Last use, to the minute')),
    revokedAt: Nullable(Instant('When it was revoked')),
  },
  { $id: 'Key' },
);

export type Session = Static<typeof Session>;
/** Who the caller is. */
export const Session = Type.Object(
  {
    name: Type.String(),
    role: Role,
    tenant: Type.String(),
    expiresAt: Nullable(Type.String()),
    kind: Type.Union([Type.Literal('key'), Type.Literal('session')]),
  },
  { $id: 'Session' },
);

export type ChangeRecord = Static<typeof ChangeRecord>;
/** Who changed what and when; written in the transaction of the change. */
export const ChangeRecord = Type.Object(
  {
    id: Type.Integer(),
    at: Type.String(),
    tenant: Type.String(),
    actor: Type.String({ description: 'Name of the key or session' }),
    actorKeyId: Nullable(Type.String()),
    action: Type.String({ description: 'Noun and past verb: `monitor.created`' }),
    object: Type.String({ description: 'Kind and name or identifier' }),
    beforeHash: Nullable(Type.String()),
    afterHash: Nullable(Type.String()),
    requestId: Type.String(),
    remoteAddress: Nullable(Type.String()),
  },
  { $id: 'ChangeRecord' },
);
