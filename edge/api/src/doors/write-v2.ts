import type { Precision } from '@watchkeeper/formats';
import { WatchkeeperError } from '@watchkeeper/model';
import { senderOf } from '../note-refused-body.ts';
import { answerErrorV2, type Door } from './door.ts';
import { one, type Query } from './key-of.ts';
import { checkedDatabase } from './line-database.ts';

const precisions: readonly string[] = ['ns', 'us', 'ms', 's'] satisfies Precision[];

/** What version 2 of InfluxDB answers to writes. */
export const writeV2: Door = {
  summary: 'Line protocol as clients of InfluxDB 2 send it: `bucket`, `precision`; `org` changes nothing',
  places: ['POST /api/v2/write'],
  role: 'ingest',
  async answer({ request, reply, caller, body, lines, options }) {
    if (caller === undefined) throw new WatchkeeperError('unauthenticated', 'Send an API key as the token.');
    const query = request.query as Query;
    const invalid = (message: string) => reply.code(400).send({ code: 'invalid', message });
    const bucket = one(query?.bucket);
    const refuse = (message: string) => {
      const sender = senderOf(caller, 'api/v2/write');
      options.refusedInputs.note(sender, { reason: 'validation_failed', message, excerpt: body });
      return invalid(message);
    };
    if (!bucket) return refuse('bucket is required');
    const precision = one(query?.precision) || 'ns';
    if (!precisions.includes(precision)) return refuse(`precision ${precision} is not one of ${precisions.join(', ')}`);
    const taken = await lines.take({
      ...{ body, caller, door: 'api/v2/write', precision: precision as Precision },
      // Clients of version 1 name a retention policy behind the database.
      database: checkedDatabase(bucket.split('/')[0] || bucket),
    });
    if (taken.dropped === 0) return reply.code(204).send();
    const partial = taken.stored === 0 ? '' : 'partial write: ';
    return invalid(`${partial}${taken.reason} dropped=${taken.dropped}`);
  },
  answerError: answerErrorV2,
};
