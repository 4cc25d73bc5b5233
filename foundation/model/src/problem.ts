import { type Static, Type } from 'typebox';

/** RFC 9457 problem details, with the catalogue's code, the request id and the places that are wrong. */
export type ProblemDetails = Static<typeof ProblemDetails>;
export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: '`/docs/errors#<code>`' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'What was attempted, on what, and the next step' }),
    code: Type.String({ description: 'Stable; see the error catalogue' }),
    requestId: Type.String(),
    retryable: Type.Boolean(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem' },
);
