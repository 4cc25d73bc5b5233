import { defaultDataDir } from '@watchkeeper/client/local-access';
import { KafkaLogOptions } from '@watchkeeper/log';
import { AmqpOptions, KafkaMessageOptions } from '@watchkeeper/messages';
import { listenerTypes } from '@watchkeeper/sources';
import { type Static, type TSchema, Type } from 'typebox';

/** Roles that a process can have. */
export const processRoles = ['api', 'scheduler', 'listener', 'processor', 'forwarder', 'health'] as const;
export type ProcessRole = (typeof processRoles)[number];

const logDriverNames = ['kafka', 'postgres'] as const;
const messageDriverNames = ['amqp', 'kafka', 'postgres'] as const;
const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

const duration = (description: string, initial: string) =>
  Type.String({ description, pattern: '^(\\d+(ms|s|m|h|d))+$', default: initial });
const section = <T extends Record<string, TSchema>>(description: string, properties: T) =>
  Type.Object(properties, { description, additionalProperties: false, default: {} });
const secret = (description: string) =>
  Type.String({
    description: `${description}; a reference: env:NAME or file:/path`,
    pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$',
  });

/** One section per listener, made of its options. */
const listenerSections: Record<string, TSchema> = Object.fromEntries(
  Object.entries(listenerTypes).map(([name, { summary, options }]) => [name, section(summary, options.properties)]),
);

const pemFile = (description: string) =>
  Type.String({ description: `${description}; path of a PEM file`, minLength: 1 });
const tlsFiles = Type.Optional(
  Type.Object(
    {
      ca: Type.Optional(pemFile('Authorities that may vouch for the broker, instead of those of the system')),
      certificate: Type.Optional(pemFile('Certificate that Watchkeeper shows')),
      key: Type.Optional(pemFile('Key of that certificate')),
    },
    { description: 'TLS, with these certificates', additionalProperties: false },
  ),
);

/** Everything that can be set for a process. Defaults stand here and nowhere else. */
export const SettingsSchema = Type.Object(
  {
    listen: Type.String({
      description: 'Address and port of the web app, the API and /metrics',
      pattern: '^.+:\\d{1,5}$',
      default: '127.0.0.1:7300',
    }),
    healthListen: Type.Optional(
      Type.String({
        description:
          'Address and port of /health and /metrics alone, without a key, whatever the roles; keep it where only those who look after the process reach it',
        pattern: '^.+:\\d{1,5}$',
      }),
    ),
    publicUrl: Type.Optional(
      Type.String({ description: 'Address under which people reach it; used in links', pattern: '^https?://[^\\s]+$' }),
    ),
    dataDir: Type.String({
      description: 'Where the embedded database and the first key are kept',
      default: defaultDataDir,
    }),
    databaseUrl: Type.Optional(
      Type.String({
        description: 'A PostgreSQL 15 or newer instead of the embedded one; or a reference: env:NAME, file:/path',
        minLength: 1,
      }),
    ),
    databasePort: Type.Optional(
      Type.Integer({
        description:
          'Port on 127.0.0.1 where the embedded PostgreSQL answers too, for roles of `watchkeeper db reader-role`; without it there is a socket in the data directory alone',
        minimum: 1024,
        maximum: 65_535,
      }),
    ),
    server: Type.Optional(
      Type.String({
        description:
          'A Watchkeeper server that this process sends events to and has its monitors from; then it needs no database, and its only role is scheduler',
        pattern: '^https?://[^\\s/?#@]+/?$',
      }),
    ),
    key: Type.Optional(
      Type.String({
        description:
          'API key of role agent for the server; a reference: env:NAME or file:/path, or on the command line the key',
        pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|wk_[A-Za-z0-9]{12}_[A-Za-z0-9_-]{43})$',
      }),
    ),
    serverCa: Type.Optional(
      Type.String({
        description: 'File of certificates (PEM) that the server is checked by instead of the known authorities',
        minLength: 1,
      }),
    ),
    roles: Type.Array(Type.Unsafe<ProcessRole>(Type.Union(processRoles.map((role) => Type.Literal(role)))), {
      description: 'What this process does',
      minItems: 1,
      uniqueItems: true,
      default: [...processRoles],
    }),
    zones: Type.Array(Type.String({ pattern: '^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$', maxLength: 63 }), {
      description: 'Zones that this process watches from',
      minItems: 1,
      uniqueItems: true,
      default: ['local'],
    }),
    production: Type.Boolean({
      description: 'Refuses what would destroy data, such as a database reset',
      default: false,
    }),
    demo: Type.Boolean({
      description: 'Shows a demo of three services, fed by the built-in website mock',
      default: false,
    }),
    log: section('The log of the process, on standard error', {
      level: Type.Union(
        (['trace', 'debug', 'info', 'warn', 'error'] as const).map((level) => Type.Literal(level)),
        { description: 'The least important line that is written', default: 'info' },
      ),
      format: Type.Union([Type.Literal('json'), Type.Literal('text')], {
        description: 'json for machines, text for a terminal',
        default: 'text',
      }),
    }),
    egress: section('Where outgoing connections may go', {
      private: Type.Union([Type.Literal('allow'), Type.Literal('deny')], {
        description: 'Loopback and private ranges',
        default: 'allow',
      }),
      allow: Type.Array(Type.String(), { description: 'Ranges (CIDR) that may be contacted in any case', default: [] }),
      deny: Type.Array(Type.String(), { description: 'Ranges (CIDR) that may never be contacted', default: [] }),
    }),
    eventLog: section('The event log: where every event goes', {
      driver: Type.Unsafe<(typeof logDriverNames)[number]>(
        Type.Union(
          logDriverNames.map((name) => Type.Literal(name)),
          {
            description:
              'postgres keeps it in the database; kafka in a topic, of which processors store what they count',
            default: 'postgres',
          },
        ),
      ),
      partitions: Type.Integer({
        description: 'Partitions: as many processors can share the work; an existing log keeps what it has',
        minimum: 1,
        maximum: 64,
        default: 4,
      }),
      writeEvery: duration('Shortest time between two writes of rollups', '1s'),
      writeEvents: Type.Integer({
        description: 'Events after which rollups are written in any case',
        minimum: 100,
        maximum: 10_000_000,
        default: 100_000,
      }),
      kafka: section('Its topic in Kafka; how to reach it stands in kafka', KafkaLogOptions.properties),
    }),
    messages: section('Messages: wake-ups between processes, and notifications for programs outside', {
      driver: Type.Unsafe<(typeof messageDriverNames)[number]>(
        Type.Union(
          messageDriverNames.map((name) => Type.Literal(name)),
          {
            description: 'amqp (RabbitMQ) and kafka bring notifications too; postgres wakes only',
            default: 'postgres',
          },
        ),
      ),
      source: Type.String({
        description: 'How this installation names itself in the source of notifications',
        pattern: '^[^\\s]+[^/\\s]$',
        default: '/watchkeeper',
      }),
      amqp: Type.Optional(
        Type.Object(
          {
            url: secret('Address of the broker: amqp://user:password@host:5672/vhost, or amqps:// for TLS'),
            tls: tlsFiles,
            wakeExchange: AmqpOptions.properties.wakeExchange,
            exchange: AmqpOptions.properties.exchange,
            queue: AmqpOptions.properties.queue,
          },
          { description: 'RabbitMQ; needed for messages.driver amqp', additionalProperties: false },
        ),
      ),
      kafka: section('Topics in Kafka; how to reach it stands in kafka', {
        wakeTopic: KafkaMessageOptions.properties.wakeTopic,
        topic: KafkaMessageOptions.properties.topic,
      }),
    }),
    kafka: Type.Optional(
      Type.Object(
        {
          brokers: Type.Array(Type.String({ pattern: '^.+:\\d{1,5}$' }), {
            description: 'Some of the brokers, host:port',
            minItems: 1,
          }),
          clientId: Type.String({
            description: 'Name that the brokers see',
            pattern: '^[A-Za-z0-9._-]{1,100}$',
            default: 'watchkeeper',
          }),
          tls: tlsFiles,
          sasl: Type.Optional(
            Type.Object(
              {
                mechanism: Type.Unsafe<(typeof saslMechanisms)[number]>(
                  Type.Union(
                    saslMechanisms.map((name) => Type.Literal(name)),
                    { description: 'How to sign in' },
                  ),
                ),
                username: Type.String({ minLength: 1 }),
                password: secret('Password'),
              },
              { description: 'Who signs in', additionalProperties: false },
            ),
          ),
        },
        { description: 'How to reach a Kafka cluster', additionalProperties: false },
      ),
    ),
    sinks: section('Sinks: where events and rollups are forwarded', {
      filesDir: Type.Optional(
        Type.String({
          description: 'Folder below which sinks of type file write; `sinks` in the data directory when left out',
          minLength: 1,
        }),
      ),
    }),
    listeners: section('Ports for what others send without a key; the role listener opens them', {
      tenant: Type.String({
        description: 'Whose the events are that come by listeners',
        pattern: '^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$',
        maxLength: 63,
        default: 'default',
      }),
      environment: Type.String({
        description: 'The environment of events that do not name one; empty: none',
        maxLength: 200,
        default: '',
      }),
      zone: Type.String({
        description: 'The zone of events that do not name one; empty: none',
        maxLength: 200,
        default: '',
      }),
      ...listenerSections,
    }),
    lineProtocol: section('What clients of InfluxDB send to /write and /api/v2/write', {
      database: Type.String({
        description: 'The database or bucket whose events have no attribute `database`; all others have one',
        minLength: 1,
        maxLength: 200,
        default: 'watchkeeper',
      }),
      bodyBytes: Type.Integer({
        description: 'Largest body, inflated; of /v1/metrics too',
        minimum: 1024,
        maximum: 268_435_456,
        default: 26_214_400,
      }),
      repeatedWithin: duration(
        'How long a body is remembered in which every line, or every point of /v1/metrics, has its time: the same one again from the same key is stored once; 0s stores it again, 1d at most',
        '15m',
      ),
    }),
    probe: section('Checks for scrapers at /probe, as blackbox_exporter does them', {
      openOnLoopback: Type.Boolean({
        description: 'Programs on the same machine need no key there',
        default: false,
      }),
      atOnce: Type.Integer({
        description: 'Probes under way at the same time; more are refused',
        minimum: 1,
        maximum: 10_000,
        default: 100,
      }),
      modules: Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$' }),
        Type.Object(
          {
            type: Type.String({ description: 'Monitor type', minLength: 1 }),
            options: Type.Optional(
              Type.Record(Type.String(), Type.Unknown(), {
                description: 'Options of that type, without what the target says',
              }),
            ),
            assertions: Type.Optional(
              Type.Array(Type.String({ maxLength: 1000 }), {
                description: 'Conditions; those of the type when left out',
                maxItems: 50,
              }),
            ),
            timeout: Type.Optional(
              Type.String({
                description: 'Longest time, 30s when left out; the scraper may allow less',
                pattern: '^(\\d+(ms|s|m|h|d))+$',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        { description: 'Own modules by name, beside http_2xx, http_post_2xx, tcp_connect and tls', default: {} },
      ),
    }),
    credentials: Type.Record(
      Type.String({ pattern: '^[a-z0-9][a-z0-9._-]*$' }),
      Type.Object(
        {
          username: Type.Optional(Type.String()),
          password: Type.Optional(secret('Password')),
          token: Type.Optional(secret('Bearer token')),
        },
        { additionalProperties: false },
      ),
      { description: 'Named credentials that monitors, channels and sinks refer to', default: {} },
    ),
    mail: Type.Optional(
      Type.Object(
        {
          host: Type.String({ description: 'SMTP server', minLength: 1 }),
          port: Type.Integer({ description: 'Port', minimum: 1, maximum: 65_535, default: 587 }),
          secure: Type.Boolean({
            description: 'TLS from the first byte (port 465); otherwise STARTTLS where offered',
            default: false,
          }),
          username: Type.Optional(Type.String()),
          password: Type.Optional(secret('Password')),
          from: Type.String({ description: 'Sender address', minLength: 3 }),
        },
        { description: 'SMTP server for alerts by e-mail', additionalProperties: false },
      ),
    ),
    retention: section('How long things are kept', {
      events: duration('Raw events', '30d'),
      minutes: duration('Rollups finer than an hour', '90d'),
      hours: duration('Rollups by the hour', '730d'),
      days: duration('Rollups by the day', '3650d'),
    }),
    limits: section('Limits', {
      checksAtOnce: Type.Integer({
        description: 'Checks under way at the same time',
        minimum: 1,
        maximum: 10_000,
        default: 200,
      }),
      bufferedEvents: Type.Integer({
        description: 'Events kept in memory while the log is away; the oldest are dropped and counted beyond it',
        minimum: 100,
        default: 100_000,
      }),
      bufferBytes: Type.Integer({
        description:
          'Bytes of events that a process with a server keeps on disk while that is away; the oldest are dropped and counted beyond it',
        minimum: 1_048_576,
        default: 1_073_741_824,
      }),
      seriesPerTenant: Type.Integer({ description: 'Series one tenant may have', minimum: 1, default: 1_000_000 }),
      newSeriesPerRequest: Type.Integer({
        description: 'Series that were never stored which one request, frame or flush may bring',
        minimum: 1,
        default: 100_000,
      }),
      newSeriesPerKey: Type.Integer({
        description:
          'Series that were never stored which one key may bring at once; what it uses is refilled by newSeriesPerMinute. Each process counts for itself',
        minimum: 1,
        default: 200_000,
      }),
      newSeriesPerMinute: Type.Integer({
        description: 'Series that were never stored which one key may bring per minute for ever',
        minimum: 1,
        default: 10_000,
      }),
      requestsPerMinute: Type.Integer({ description: 'Requests of one key or address', minimum: 10, default: 3000 }),
    }),
  },
  { additionalProperties: false },
);

export type Settings = Static<typeof SettingsSchema>;
/** The same, as far as somebody has said something. */
export type PartialSettings = { readonly [Key in keyof Settings]?: Settings[Key] | undefined };
