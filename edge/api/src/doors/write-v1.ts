import { type Precision, precisions } from '@watchkeeper/formats';
import { WatchkeeperError } from '@watchkeeper/model';
import { senderOf } from '../note-refused-body.ts';
import { answerErrorV1, type Door } from './door.ts';
import { one, type Query } from './key-of.ts';
import { checkedDatabase } from './line-database.ts';

/** What version 1 of InfluxDB answers to writes. A client that gets a 4xx drops what it sent: never answer 429. */
export const writeV1: Door = {
  summary: 'Line protocol as clients of InfluxDB 1 send it: `db`, `precision`; `rp` and `consistency` change nothing',
  places: ['POST /write'],
  role: 'ingest',
  async answer({ request, reply, caller, body, lines, options }) {
    if (caller === undefined) throw new WatchkeeperError('unauthenticated', 'Send an API key as the password.');
    const query = request.query as Query;
    const database = one(query?.db);
    if (!database) {
      const message = 'database is required';
      options.refusedInputs.note(senderOf(caller, 'write'), { reason: 'validation_failed', message, excerpt: body });
      return reply.code(400).send({ error: message });
    }
    const precision = one(query?.precision) as Precision;
    const taken = await lines.take({
      ...{ body, caller, door: 'write' },
      database: checkedDatabase(database),
      // InfluxDB takes what it does not know for nanoseconds.
      precision: precisions.includes(precision) ? precision : 'ns',
    });
    if (taken.dropped === 0) return reply.code(204).send();
    const partial = taken.stored === 0 ? '' : 'partial write: ';
    return reply.code(400).send({ error: `${partial}${taken.reason} dropped=${taken.dropped}` });
  },
  answerError: answerErrorV1,
};
