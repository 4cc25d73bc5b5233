import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AddressPolicy } from '@watchkeeper/guard';
import { longestDeliveryMs, parseDuration, WatchkeeperError } from '@watchkeeper/model';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { invalid, messageOf, type Problem, readSettingsFile, schemaAt, valueAt } from './settings-file.ts';
import { type PartialSettings, type Settings, SettingsSchema } from './settings-schema.ts';

export * from './settings-schema.ts';

export interface SettingsSources {
  /** From the command line; strongest. */
  readonly flags: PartialSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a YAML file. */
  readonly file?: string;
}

export interface EffectiveSettings {
  readonly settings: Settings;
  /** Where each value came from, nested ones by `eventLog.kafka.topic`: `flag`, `environment NAME`, `file PATH` or `default`. */
  readonly origins: Readonly<Record<string, string>>;
}

const validator = Compile(SettingsSchema);

/**
 * Joins flags, environment, file and defaults, in this order of strength; the result is frozen.
 * @throws WatchkeeperError `settings_invalid` with one problem per mistake, each with line and column of the file.
 */
export function loadSettings({ flags, environment, file }: SettingsSources): EffectiveSettings {
  const fromFile = file === undefined ? {} : readSettingsFile(file);
  const fromEnvironment = environmentSettings(environment);
  const origins: Record<string, string> = {};
  const merged: Record<string, unknown> = {};
  for (const key of Object.keys(SettingsSchema.properties)) {
    const given = (flags as Record<string, unknown>)[key];
    if (given !== undefined) [merged[key], origins[key]] = [given, 'flag'];
    else if (fromEnvironment[key] !== undefined)
      [merged[key], origins[key]] = [fromEnvironment[key]?.value, `environment ${fromEnvironment[key]?.name}`];
    else if (Object.hasOwn(fromFile, key)) [merged[key], origins[key]] = [fromFile[key], `file ${file}`];
    else origins[key] = 'default';
  }
  leaveOutServer(merged, origins);
  const settings = withDefaults(SettingsSchema, merged) as Settings;
  const problems = problemsOf(settings, origins);
  if (problems.length > 0) throw invalid(problems);
  const nested = Object.keys(merged).flatMap((key) => placesWithin(settings[key as keyof Settings], merged[key], key));
  for (const { place, isGiven } of nested) origins[place] = isGiven ? (origins[topOf(place)] ?? '') : 'default';
  return { settings: deepFreeze({ ...settings, dataDir: resolve(settings.dataDir) }), origins };
}

const topOf = (place: string) => place.split('.')[0] ?? place;

/** Every place within a value, and whether somebody gave it. */
function placesWithin(value: unknown, given: unknown, path: string): { place: string; isGiven: boolean }[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => {
    const own = (given as Readonly<Record<string, unknown>> | undefined)?.[name];
    const place = `${path}.${name}`;
    return [{ place, isGiven: own !== undefined }, ...placesWithin(part, own, place)];
  });
}

/**
 * WATCHKEEPER_SERVER and WATCHKEEPER_KEY also tell the command line where to ask. Whoever has them set and starts a
 * server means that server, unless the role is scheduler and nothing else.
 */
function leaveOutServer(merged: Record<string, unknown>, origins: Record<string, string>): void {
  const leaveOut = (key: string) => {
    delete merged[key];
    origins[key] = 'default';
  };
  const isScheduler = Array.isArray(merged.roles) && merged.roles.join() === 'scheduler';
  if (origins.server?.startsWith('environment') && (!isScheduler || merged.databaseUrl !== undefined))
    leaveOut('server');
  if (merged.server === undefined && !origins.key?.startsWith('file')) leaveOut('key');
}

/** Reads what a reference such as `env:NAME` or `file:/path` stands for. */
export function resolveReference(reference: string, environment: Readonly<Record<string, string | undefined>>): string {
  const [, kind, place = ''] = /^(env|file):(.+)$/.exec(reference) ?? [];
  if (kind === 'env') {
    const value = environment[place];
    if (value === undefined)
      throw new WatchkeeperError(
        'settings_invalid',
        `The setting refers to the environment variable ${place}, which is not set. Set it, or change the reference.`,
      );
    return value;
  }
  if (kind === 'file') {
    try {
      return readFileSync(place, 'utf8').trimEnd();
    } catch (error) {
      throw new WatchkeeperError(
        'settings_invalid',
        `The setting refers to the file ${place}, which cannot be read (${(error as Error).message}).`,
        { cause: error },
      );
    }
  }
  return reference;
}

function environmentSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, { name: string; value: unknown }> {
  const found: Record<string, { name: string; value: unknown }> = {};
  const take = (name: string, key: string, read: (text: string) => unknown = (text) => text) => {
    const text = environment[name];
    if (text !== undefined && text !== '') found[key] = { name, value: read(text) };
  };
  // What hosting platforms set; our own names are stronger.
  take('PORT', 'listen', (port) => `0.0.0.0:${port}`);
  take('DATABASE_URL', 'databaseUrl');
  take('WATCHKEEPER_LISTEN', 'listen');
  take('WATCHKEEPER_HEALTH_LISTEN', 'healthListen');
  take('WATCHKEEPER_PUBLIC_URL', 'publicUrl');
  take('WATCHKEEPER_DATA_DIR', 'dataDir');
  take('WATCHKEEPER_DATABASE_URL', 'databaseUrl');
  take('WATCHKEEPER_SERVER', 'server');
  take('WATCHKEEPER_SERVER_CA', 'serverCa');
  take('WATCHKEEPER_KEY', 'key');
  take('WATCHKEEPER_ROLES', 'roles', (text) => text.split(','));
  take('WATCHKEEPER_ZONES', 'zones', (text) => text.split(','));
  // Anything but these is left as text, which the schema refuses.
  take(
    'WATCHKEEPER_PRODUCTION',
    'production',
    (text) => ({ true: true, '1': true, false: false, '0': false })[text] ?? text,
  );
  return found;
}

function problemsOf(settings: Settings, origins: Readonly<Record<string, string>>): Problem[] {
  const problems: Problem[] = [];
  for (const { instancePath: pointer, message } of validator.Errors(settings)) {
    // One value that is none of several is several errors.
    if (problems.some((problem) => problem.pointer === pointer)) continue;
    const path = pointer.split('/').filter((part) => part !== '');
    const wanted = messageOf(message, schemaAt(SettingsSchema, path), valueAt(settings, path));
    problems.push({ pointer, message: `${path.join('.')} (${origins[path[0] ?? ''] ?? 'settings'}) ${wanted}` });
  }
  if (problems.length > 0) return problems;
  problems.push(...serverProblems(settings, origins));
  for (const name of ['listen', 'healthListen'] as const) {
    const port = Number(settings[name]?.split(':').at(-1));
    if (port > 65_535)
      problems.push({
        pointer: `/${name}`,
        message: `${name} (${origins[name]}) has port ${port}; ports end at 65535`,
      });
  }
  try {
    new AddressPolicy(settings.egress);
  } catch (error) {
    problems.push({ pointer: '/egress', message: `egress (${origins.egress}): ${(error as Error).message}` });
  }
  const { driver, amqp } = settings.messages;
  const isWithout = { amqp: amqp === undefined, kafka: settings.kafka === undefined, postgres: false }[driver];
  if (isWithout) {
    const place = driver === 'kafka' ? 'kafka.brokers' : 'messages.amqp.url';
    problems.push({
      pointer: '/messages',
      message: `messages (${origins.messages}) has driver ${driver}; set ${place} too`,
    });
  }
  if (settings.eventLog.driver === 'kafka' && settings.kafka === undefined)
    problems.push({
      pointer: '/eventLog',
      message: `eventLog (${origins.eventLog}) has driver kafka; set kafka.brokers too`,
    });
  const { replicas, minInSyncReplicas } = settings.eventLog.kafka;
  if (minInSyncReplicas > replicas)
    problems.push({
      pointer: '/eventLog/kafka',
      message: `eventLog.kafka.minInSyncReplicas is ${minInSyncReplicas}, but there are only ${replicas} replicas`,
    });
  for (const [name, tls] of Object.entries({ 'messages.amqp.tls': amqp?.tls, 'kafka.tls': settings.kafka?.tls })) {
    if ((tls?.certificate === undefined) !== (tls?.key === undefined))
      problems.push({
        pointer: `/${name.replaceAll('.', '/')}`,
        message: `${name}: certificate and key need each other`,
      });
  }
  const { repeatedWithin } = settings.lineProtocol;
  if ((parseDuration(repeatedWithin) ?? Number.POSITIVE_INFINITY) > longestDeliveryMs)
    problems.push({
      pointer: '/lineProtocol/repeatedWithin',
      message: `lineProtocol.repeatedWithin is ${repeatedWithin}; at most 1d is remembered`,
    });
  for (const [name, text] of Object.entries(settings.retention)) {
    if ((parseDuration(text) ?? 0) < 3_600_000)
      problems.push({ pointer: `/retention/${name}`, message: `retention.${name} is ${text}; at least 1h is needed` });
  }
  return problems;
}

function serverProblems(
  { server, key, roles, demo, databaseUrl }: Settings,
  origins: Readonly<Record<string, string>>,
): Problem[] {
  const problems: Problem[] = [];
  if (key?.startsWith('wk_') && origins.key?.startsWith('file'))
    problems.push({
      pointer: '/key',
      message: `key (${origins.key}) stands there in the open; write env:NAME or file:/path`,
    });
  if (server === undefined) return problems;
  const others = roles.filter((role) => role !== 'scheduler');
  if (others.length > 0) {
    const message = `roles (${origins.roles}) has ${others.join(', ')}, which need a database; a process with a server (${origins.server}) has the role scheduler only: say --roles scheduler`;
    problems.push({ pointer: '/roles', message });
  }
  if (key === undefined)
    problems.push({
      pointer: '/key',
      message: 'key is needed with a server: an API key of role agent, by --key or WATCHKEEPER_KEY',
    });
  if (demo) problems.push({ pointer: '/demo', message: `demo (${origins.demo}) needs a server of its own` });
  if (databaseUrl !== undefined) {
    const message = `databaseUrl (${origins.databaseUrl}) and server (${origins.server}) exclude each other: leave one out`;
    problems.push({ pointer: '/databaseUrl', message });
  }
  return problems;
}

function withDefaults(schema: TSchema, value: unknown): unknown {
  const {
    properties,
    items,
    default: initial,
  } = schema as {
    properties?: Record<string, TSchema>;
    items?: TSchema;
    default?: unknown;
  };
  const given = value === undefined ? structuredClone(initial) : value;
  if (items !== undefined && Array.isArray(given)) return given.map((item) => withDefaults(items, item));
  if (properties === undefined || typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  const result: Record<string, unknown> = { ...given };
  for (const [name, property] of Object.entries(properties)) {
    const filled = withDefaults(property, result[name]);
    if (filled !== undefined) result[name] = filled;
  }
  return result;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
