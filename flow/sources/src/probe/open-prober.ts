import type { Egress } from '@watchkeeper/guard';
import type { Clock } from '@watchkeeper/kit';
import {
  type Condition,
  type ConditionScope,
  type Credential,
  judge,
  namesIn,
  type Observation,
  type PluginLoaders,
  type ProbeQuestion,
  type Prober,
  type SeenFacts,
  WatchkeeperError,
} from '@watchkeeper/model';
import type { RunnableMonitorType } from '../monitor-context.ts';
import { probeMetrics } from './probe-metrics.ts';
import { builtInModules, type ProbeModule, type ReadyModule, readyModule } from './probe-modules.ts';

export interface ProberOptions {
  readonly clock: Clock;
  readonly egress: Egress;
  readonly credential: (name: string) => Credential | undefined;
  readonly monitorTypes: PluginLoaders<RunnableMonitorType>;
  /** Beside the built-in ones. */
  readonly modules: Readonly<Record<string, ProbeModule>>;
  /** Probes under way at the same time; more are refused. */
  readonly atOnce: number;
}

/** What a scraper needs of its time to take the answer, milliseconds. */
const answerMs = 500;

/** @throws WatchkeeperError `settings_invalid` for a module that cannot work */
export async function openProber({ clock, egress, credential, monitorTypes, modules, atOnce }: ProberOptions) {
  const ready = new Map<string, ReadyModule>();
  for (const [name, module] of Object.entries({ ...builtInModules, ...modules }))
    ready.set(name, await readyModule(name, module, monitorTypes));
  let underWay = 0;

  const check = async ({ type, conditions, timeoutMs }: ReadyModule, options: unknown, question: ProbeQuestion) => {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), Math.min(timeoutMs, scraperLimit(question.withinMs)));
    let facts: SeenFacts = {};
    let isContentWrong = false;
    try {
      const observation: Observation = await type.check(options as never, {
        ...{ egress, credential, wallMs: () => clock.wallMs() },
        signal: AbortSignal.any([deadline.signal, question.signal]),
        tell: (more) => {
          facts = { ...facts, ...more };
        },
        judge: (scope) => {
          isContentWrong = hasWrongContent(conditions, scope);
          return judge(conditions, scope);
        },
      });
      return { observation, facts, isContentWrong };
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    async probe(question) {
      const { module: name, target, hostname } = question;
      const module = ready.get(name);
      if (module === undefined) return { ok: false, message: `Unknown module "${name}"` };
      const aimed = module.aim(target, hostname);
      if ('mistake' in aimed) return { ok: false, message: `Invalid target: ${aimed.mistake}` };
      if (underWay >= atOnce) {
        throw new WatchkeeperError(
          'probes_busy',
          `More than ${atOnce} probes are under way. Spread the scrapes, or raise probe.atOnce.`,
        );
      }
      underWay += 1;
      try {
        const checked = await check(module, aimed.options, question);
        const { outcome, message } = checked.observation;
        const metrics = probeMetrics(module.type.name, checked);
        return { ok: true, outcome, ...(message === undefined ? {} : { message }), metrics };
      } finally {
        underWay -= 1;
      }
    },
  } satisfies Prober;
}

/** How long a probe may take so that its answer is there in time; of a very short time one half. */
function scraperLimit(withinMs = Number.POSITIVE_INFINITY): number {
  return Math.max(withinMs - answerMs, withinMs / 2);
}

/** What others do by regular expressions: a condition on a header or the body does not hold, and all others do. */
function hasWrongContent(conditions: readonly Condition[], scope: ConditionScope): boolean {
  const failing = conditions.filter((condition) => judge([condition], scope).outcome === 'failed');
  return failing.length > 0 && failing.every(isOnContent);
}

const isOnContent = ({ test }: Condition) => namesIn(test).some((name) => ['header', 'body', 'json'].includes(name));
