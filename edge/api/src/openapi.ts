import { type OperationName, operations, ProblemDetails, type Route, routes } from '@watchkeeper/model';
import type { TSchema } from 'typebox';
import { ndjson } from './own-bodies.ts';
import { plainSchema } from './schema.ts';

type Json = Record<string, unknown>;

const tags: Readonly<Record<string, string>> = {
  product: 'Watchkeeper itself',
  monitors: 'What is checked, its state and its checks',
  services: 'Services, environments, zones and the overview',
  events: 'Events and questions to them',
  rollups: 'Events added up over periods',
  alerts: 'Alerts and who is told',
  sinks: 'Where events and rollups are forwarded',
  zones: 'For schedulers in zones without access to the database',
  objects: 'Objects as code, and who changed what',
  access: 'Keys and sessions',
};

/** The API as an OpenAPI 3.1 document, made of the table of routes. */
export function openApiDocument(version: string): Json {
  const schemas: Json = {};
  const reference = (id: string, part: Json): Json => {
    schemas[id] = part;
    return { $ref: `#/components/schemas/${id}` };
  };
  // Within a wrapper every named schema is a part and becomes a reference, the outermost one too.
  const schemaOf = (schema: TSchema): unknown =>
    (plainSchema({ properties: { it: schema } } as unknown as TSchema, reference).properties as Json).it;

  const paths: Record<string, Json> = {};
  for (const [name, place] of Object.entries(operations) as [OperationName, string][]) {
    const [method = '', path = ''] = place.split(' ');
    const operation = operationOf(name, routes[name], schemaOf);
    const key = path.replace(/:(\w+)/g, '{$1}');
    paths[key] = { ...paths[key], [method.toLowerCase()]: operation };
  }
  const problem = schemaOf(ProblemDetails);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Watchkeeper',
      version,
      description:
        'Native API. Every answer that is not a success is problem details (RFC 9457) with a stable `code`. Objects carry a version as ETag; a change names it in If-Match. POST requests may carry an Idempotency-Key.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key' },
        session: { type: 'apiKey', in: 'cookie', name: 'wk_session', description: 'The session of a browser' },
      },
      responses: {
        Problem: {
          description: 'It was not done; `code` and `detail` say why',
          content: { 'application/problem+json': { schema: problem } },
        },
      },
    },
  };
}

function operationOf(name: OperationName, route: Route, schemaOf: (schema: TSchema) => unknown): Json {
  const { summary, role, tag, params, query, body, ownBody, response, status = 200 } = route;
  const { ifMatch, etag, stream, text } = route;
  const isConditional = etag === 'content';
  const parameters = [
    ...parametersOf(params, 'path', schemaOf),
    ...parametersOf(query, 'query', schemaOf),
    ...(ifMatch === undefined
      ? []
      : [
          {
            name: 'If-Match',
            in: 'header',
            required: ifMatch === 'required',
            description: 'ETag of the version that the change is based on; `*` for any',
            schema: { type: 'string' },
          },
        ]),
    ...(isConditional
      ? [
          {
            name: 'If-None-Match',
            in: 'header',
            required: false,
            description: 'ETag of the answer that is known already',
            schema: { type: 'string' },
          },
        ]
      : []),
    ...(mayRepeat(name)
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'The same key and body within a day give the same answer once more; nothing is done twice',
            schema: { type: 'string', minLength: 1, maxLength: 200 },
          },
        ]
      : []),
  ];
  const content = stream
    ? { 'text/event-stream': { schema: { type: 'string' } } }
    : response === undefined
      ? undefined
      : text !== undefined
        ? { 'text/plain': { schema: { type: 'string' } } }
        : { 'application/json': { schema: schemaOf(response) } };
  return {
    operationId: name,
    tags: [tag],
    summary,
    description: role === 'none' ? 'Needs no key.' : `Needs the role ${role} or a stronger one.`,
    'x-role': role,
    security: role === 'none' ? [] : [{ key: [] }, { session: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: schemaOf(body) },
              ...(ownBody ? { [ndjson]: { schema: { type: 'string', description: 'The same line by line' } } } : {}),
            },
          },
        }),
    responses: {
      [status]: {
        description: status === 204 ? 'Done' : 'The answer',
        ...(etag
          ? {
              headers: {
                ETag: {
                  description: isConditional ? 'Hash of the content' : 'Version of the object',
                  schema: { type: 'string' },
                },
              },
            }
          : {}),
        ...(content === undefined ? {} : { content }),
      },
      ...(isConditional ? { 304: { description: 'The known answer still holds' } } : {}),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function parametersOf(schema: TSchema | undefined, place: 'path' | 'query', schemaOf: (s: TSchema) => unknown): Json[] {
  if (schema === undefined) return [];
  const { properties, required = [] } = schema as unknown as {
    properties: Record<string, TSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = schemaOf(property) as Json;
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Operations whose answers hold secrets are never kept, so they take no idempotency key. */
const answersWithSecrets: readonly OperationName[] = ['createKey', 'createLoginLink', 'openSession'];
/** Operations that may be repeated as they are. */
const harmlessTwice: readonly OperationName[] = ['sendEvents', 'claimZoneLease', 'claimCheckRuns'];

/** Whether an operation takes an Idempotency-Key. */
export function mayRepeat(name: OperationName): boolean {
  return operations[name].startsWith('POST ') && ![...answersWithSecrets, ...harmlessTwice].includes(name);
}
