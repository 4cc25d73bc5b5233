import {
  type Condition,
  type FieldProblem,
  nearestName,
  type PluginLoaders,
  parseCondition,
  parseDuration,
  WatchkeeperError,
} from '@watchkeeper/model';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import { Value } from 'typebox/value';
import type { RunnableMonitorType } from '../monitor-context.ts';

/** A way of probing, under the name that scrapers ask for. */
export interface ProbeModule {
  /** Name of a monitor type. */
  readonly type: string;
  /** Of that type, without what the target says. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Conditions; those of the type when there are none. */
  readonly assertions: readonly string[];
  /** Longest time, as `5s`. */
  readonly timeout: string;
}

/** As blackbox_exporter has them: nothing is asked to be packed, so lengths are those of the content. */
const overHttp = { headers: { 'accept-encoding': 'identity' }, maxBodyBytes: 16_777_216 };
const overHttp2xx = { type: 'http', assertions: ['status in 200..299'], timeout: '30s' };

/** The modules that everybody has; those of the settings come in addition, or instead under the same name. */
export const builtInModules: Readonly<Record<string, ProbeModule>> = {
  http_2xx: { ...overHttp2xx, options: overHttp },
  http_post_2xx: { ...overHttp2xx, options: { ...overHttp, method: 'POST' } },
  tcp_connect: { type: 'tcp', options: {}, assertions: [], timeout: '30s' },
  tls: { type: 'tls', options: {}, assertions: [], timeout: '30s' },
};

/** A module that a target can be put into. */
export interface ReadyModule {
  readonly type: RunnableMonitorType;
  readonly conditions: readonly Condition[];
  readonly timeoutMs: number;
  /** The whole options for a target, or why it is none. */
  aim(target: string, hostname: string | undefined): { readonly options: unknown } | { readonly mistake: string };
}

/** What a schema says first, in words. */
function firstMistake(errors: readonly TLocalizedValidationError[]): FieldProblem | undefined {
  const [first] = errors;
  if (first === undefined) return undefined;
  const pointer = first.instancePath || '/';
  if (first.keyword === 'boolean') return { pointer, message: 'is unknown' };
  if (first.keyword !== 'const') return { pointer, message: first.message };
  const choices = errors.flatMap((error) =>
    error.keyword === 'const' && error.instancePath === pointer ? [String(error.params.allowedValue)] : [],
  );
  return { pointer, message: `must be one of ${choices.join(', ')}` };
}

/** Fits every type that can be probed: what is checked of a module before anybody asks. */
const anyTarget = 'localhost:80';

/** @throws WatchkeeperError `settings_invalid` with what is wrong in which module */
export async function readyModule(
  name: string,
  { type: typeName, options, assertions, timeout }: ProbeModule,
  monitorTypes: PluginLoaders<RunnableMonitorType>,
): Promise<ReadyModule> {
  const invalid = (place: string, message: string) =>
    new WatchkeeperError('settings_invalid', `probe.modules.${name}${place}: ${message}`);
  const load = Object.hasOwn(monitorTypes, typeName) ? monitorTypes[typeName] : undefined;
  if (load === undefined) {
    const nearest = nearestName(typeName, Object.keys(monitorTypes));
    const hint = nearest === undefined ? Object.keys(monitorTypes).join(', ') : `"${nearest}"`;
    throw invalid('.type', `there is no monitor type "${typeName}". Did you mean ${hint}?`);
  }
  const { default: type } = await load();
  const validator = Compile(type.options);
  const aim: ReadyModule['aim'] = (target, hostname) => {
    const aimed = type.aim?.(options, { target, ...(hostname === undefined ? {} : { hostname }) });
    if (aimed === undefined) return { mistake: `"${target}" is no target for a module of type ${typeName}` };
    const whole = Value.Default(type.options, structuredClone(aimed));
    const [problem] = validator.Check(whole) ? (type.problems?.(whole as never) ?? []) : [];
    const mistake = problem === undefined ? firstMistake(validator.Errors(whole)) : problem;
    return mistake === undefined ? { options: whole } : { mistake: `${mistake.pointer} ${mistake.message}` };
  };
  if (type.aim === undefined) throw invalid('.type', `monitors of type "${typeName}" cannot be pointed at a target`);
  const tried = aim(anyTarget, undefined);
  if ('mistake' in tried) throw invalid('.options', tried.mistake);
  const conditions = (assertions.length > 0 ? assertions : type.defaultAssertions).map((text) => {
    const parsed = parseCondition(text, type.conditionNames);
    if (!parsed.ok) throw invalid('.assertions', `"${text}" cannot be read: ${parsed.message}`);
    return parsed.condition;
  });
  return { type, conditions, timeoutMs: parseDuration(timeout) as number, aim };
}
