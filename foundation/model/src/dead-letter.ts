import { type Static, Type } from 'typebox';
import { Instant, Nullable } from './fields.ts';

/** Most dead letters of one page; each may be 16 KiB large. */
export const deadLetterPage = 200;

export type DeadLetter = Static<typeof DeadLetter>;
export const DeadLetter = Type.Object(
  {
    id: Type.Integer(),
    at: Instant('When it was put aside'),
    tenant: Nullable(Type.String({ description: 'Whose it is; null when nobody knows' })),
    door: Nullable(Type.String({ description: 'The door that refused it; null for a message of a topic' })),
    origin: Type.String({
      description: 'Where it came from: `kafka watchkeeper.events/3 at 1204`, `write, key telegraf`',
    }),
    eventIndex: Nullable(
      Type.Integer({ description: 'Place of the event in its message; null for the whole message' }),
    ),
    reason: Type.String({ description: 'A code of the error catalogue' }),
    message: Type.String({ description: 'What is wrong with it' }),
    sizeBytes: Type.Integer({ description: 'Bytes of the whole message' }),
    body: Nullable(
      Type.String({ description: 'Its beginning; null where the event stands in a message that is kept already' }),
    ),
  },
  {
    $id: 'DeadLetter',
    description:
      'A message or an event that could not be taken, kept for 30 days; of what doors refuse the newest 10,000 at most',
  },
);
