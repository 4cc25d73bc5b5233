import type { Client } from '@watchkeeper/client';
import { type MonitorInput, type MonitorTypeView, nearestName, WatchkeeperError } from '@watchkeeper/model';
import type { Command } from 'commander';

/** What the command line says about a monitor; everything may be left out. */
export interface MonitorFlags {
  readonly name?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly zone?: readonly string[];
  readonly type?: string;
  readonly url?: string;
  readonly option?: readonly string[];
  readonly interval?: string;
  readonly timeout?: string;
  readonly retries?: string;
  readonly assert?: readonly string[];
  readonly label?: readonly string[];
  readonly paused?: boolean;
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

export function withMonitorFlags(command: Command): Command {
  return command
    .option('--name <name>', 'name, unique within the tenant')
    .option('--service <service>', 'the service it watches; made when it is not there')
    .option('--environment <environment>', 'what is watched: a cloud, a region, a product; made when it is not there')
    .option(
      '--zone <zone>',
      'from where; may be repeated (local, or else the first zone that somebody watches from)',
      collect,
    )
    .option('--type <type>', 'monitor type; `watchkeeper monitor types` lists them (http)')
    .option('--url <url>', 'short for --option url=…')
    .option('--option <name=value>', 'an option of the type, such as method=POST or tls.verify=false', collect)
    .option('--interval <duration>', 'from check to check, 1s to 1d (30s)')
    .option('--timeout <duration>', 'longest time of one attempt (5s, or what fits the interval)')
    .option('--retries <number>', 'attempts after a failed one (0)')
    .option('--assert <condition>', 'a condition such as "status in 200..299"; may be repeated', collect)
    .option('--label <key=value>', 'a label; may be repeated', collect)
    .option('--paused', 'do not check it yet');
}

type Changes = Partial<MonitorInput>;

/** What the flags say, with the options in the types that the monitor type's schema asks for. @throws WatchkeeperError `usage` */
export async function readFlags(client: Client, flags: MonitorFlags, presentType?: string): Promise<Changes> {
  const type = flags.type ?? presentType ?? 'http';
  const given = [...(flags.url === undefined ? [] : [`url=${flags.url}`]), ...(flags.option ?? [])];
  const { items } = given.length === 0 ? { items: [] } : await client.call('listMonitorTypes');
  const options: Record<string, unknown> = {};
  for (const text of given) {
    const [path, value] = pair(text, '--option');
    setOption(options, path.split('.'), value, schemaOf(items, type), path);
  }
  const { name, service, environment, zone, interval, timeout, retries, assert, label, paused } = flags;
  return withoutUndefined({
    name,
    service,
    environment,
    zones: zone && [...zone],
    type: flags.type ?? (presentType === undefined ? 'http' : undefined),
    options: given.length === 0 ? undefined : options,
    interval,
    timeout,
    retries: retries === undefined ? undefined : wholeNumber(retries, '--retries'),
    assertions: assert && [...assert],
    labels: label && Object.fromEntries(label.map((text) => pair(text, '--label'))),
    paused,
  });
}

function withoutUndefined(given: Record<string, unknown>): Changes {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Changes;
}

/** `key=value` in two parts. @throws WatchkeeperError `usage` */
export function pair(text: string, flag: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw new WatchkeeperError('usage', `${flag} "${text}" must have the form name=value.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

export function wholeNumber(text: string, flag: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new WatchkeeperError('usage', `${flag} "${text}" must be a whole number.`);
  return Number(text);
}

interface OptionSchema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
}

function schemaOf(types: readonly MonitorTypeView[], name: string): OptionSchema {
  const type = types.find((candidate) => candidate.name === name);
  if (type !== undefined) return type.options as OptionSchema;
  const known = types.map((candidate) => candidate.name);
  const nearest = nearestName(name, known);
  throw new WatchkeeperError(
    'usage',
    `There is no monitor type "${name}"; ${nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`}`,
  );
}

function setOption(
  into: Record<string, unknown>,
  [step = '', ...rest]: readonly string[],
  text: string,
  schema: OptionSchema,
  path: string,
): void {
  const property = schema.properties?.[step];
  if (schema.properties !== undefined && property === undefined) {
    const known = Object.keys(schema.properties);
    const nearest = nearestName(step, known);
    throw new WatchkeeperError(
      'usage',
      `There is no option "${path}"; ${nearest === undefined ? `there are ${known.join(', ')}` : `did you mean "${nearest}"?`}`,
    );
  }
  if (rest.length === 0) {
    into[step] = typedValue(text, property ?? {});
    return;
  }
  const inner = (into[step] ?? {}) as Record<string, unknown>;
  into[step] = inner;
  setOption(
    inner,
    [rest.join('.')].flatMap((part) => (property?.properties ? part.split('.') : [part])),
    text,
    property ?? {},
    path,
  );
}

/** Text as the schema wants it; what does not fit is left as it is, and the server says where it is wrong. */
function typedValue(text: string, { type, enum: choices }: OptionSchema): unknown {
  const chosen = choices?.find((choice) => String(choice) === text);
  if (chosen !== undefined) return chosen;
  if ((type === 'integer' || type === 'number') && text.trim() !== '' && !Number.isNaN(Number(text)))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'object' || type === 'array') {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}
