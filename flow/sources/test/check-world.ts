import { openEgress } from '@watchkeeper/guard';
import { type Credential, judge, type Observation, parseCondition } from '@watchkeeper/model';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { RunnableMonitorType } from '../src/index.ts';

export interface CheckOptions {
  readonly assertions?: readonly string[];
  readonly timeoutMs?: number;
  readonly policy?: Parameters<typeof openEgress>[0]['policy'];
  readonly resolve?: Parameters<typeof openEgress>[0]['resolve'];
  readonly credential?: (name: string) => Credential | undefined;
}

/** Runs one attempt of a monitor type as the scheduler would. */
export async function checkOnce<Options extends TSchema>(
  type: RunnableMonitorType<Options>,
  options: Readonly<Record<string, unknown>>,
  {
    assertions,
    timeoutMs = 2000,
    policy = { private: 'allow', allow: [], deny: [] },
    resolve,
    credential = () => undefined,
  }: CheckOptions = {},
): Promise<Observation> {
  const filled = Value.Default(type.options, structuredClone(options)) as Static<Options>;
  if (!Value.Check(type.options, filled)) throw new Error(`the options do not fit: ${JSON.stringify(filled)}`);
  const conditions = (assertions ?? type.defaultAssertions).map((text) => {
    const parsed = parseCondition(text, type.conditionNames);
    if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`);
    return parsed.condition;
  });
  return type.check(filled, {
    signal: AbortSignal.timeout(timeoutMs),
    egress: openEgress({ policy, ...(resolve === undefined ? {} : { resolve }) }),
    wallMs: () => Date.parse('2026-01-01T00:00:00Z'),
    credential,
    judge: (scope) => judge(conditions, scope),
  });
}
