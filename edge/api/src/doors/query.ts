import { answerErrorV1, type Door, type DoorRequest } from './door.ts';
import { one, type Query } from './key-of.ts';

const createDatabase = /^create\s+database\s+("(?:[^"\\]|\\.)+"|[\w.-]+)(\s+with\s[^;]*)?;?$/i;
const showDatabases = /^show\s+databases;?$/i;

/** Clients of version 1 make their database before they write into it: here every one is there already. */
export const query: Door = {
  summary:
    'Only `CREATE DATABASE`, which is always done already, and `SHOW DATABASES`; questions are asked at /api/v1/query',
  places: ['GET /query', 'POST /query'],
  role: 'ingest',
  async answer(given) {
    const { reply, options } = given;
    const statement = statementOf(given);
    if (!statement) return reply.code(400).send({ error: 'missing required parameter "q"' });
    if (createDatabase.test(statement)) return reply.send({ results: [{ statement_id: 0 }] });
    if (!showDatabases.test(statement))
      return reply.code(400).send({
        error:
          'Watchkeeper takes writes of InfluxDB and answers no queries but CREATE DATABASE and SHOW DATABASES. Ask at /api/v1/query.',
      });
    const series = { name: 'databases', columns: ['name'], values: [[options.lineProtocol.database]] };
    return reply.send({ results: [{ statement_id: 0, series: [series] }] });
  },
  answerError: answerErrorV1,
};

/** From the address, or from a form. */
function statementOf({ request, body }: DoorRequest): string | undefined {
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '');
  const inForm = isForm ? new URLSearchParams(body.toString('utf8')).get('q') : null;
  return (one((request.query as Query)?.q) ?? inForm ?? undefined)?.trim();
}
