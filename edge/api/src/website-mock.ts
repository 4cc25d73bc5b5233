import { createHash } from 'node:crypto';
import type { Clock } from '@watchkeeper/kit';
import { type FieldProblem, parseDuration } from '@watchkeeper/model';
import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { sendProblem, validationError } from './problems.ts';
import { compileSchema } from './schema.ts';

/** Path of the mock. */
export const websiteMockPath = '/website_mock';

const stepPattern = '[1-5]\\d{2}(:(\\d+(ms|s|m|h))+)?';

export const MockQuery = Type.Object(
  {
    status: Type.Integer({ description: 'Status of the answer', minimum: 200, maximum: 599, default: 200 }),
    delay: Type.String({
      description: 'Time before the answer, at most 60s',
      pattern: '^(\\d+(ms|s|m))+$',
      maxLength: 20,
      default: '0s',
    }),
    size: Type.Integer({ description: 'Bytes of the body', minimum: 0, maximum: 10_000_000, default: 16 }),
    failureRate: Type.Number({
      description:
        'Share of calls that are answered with 503; which ones is decided by `seed` and the number of the call',
      minimum: 0,
      maximum: 1,
      default: 0,
    }),
    seed: Type.String({ description: 'Another seed, another series of failures', maxLength: 100, default: '' }),
    sequence: Type.Optional(
      Type.String({
        description:
          'Statuses that repeat for ever: by call (`200,200,503`), or by the time of day where each has a duration (`200:90s,503:40s`)',
        pattern: `^${stepPattern}(,${stepPattern}){0,99}$`,
        maxLength: 1000,
      }),
    ),
  },
  { additionalProperties: false },
);
type MockQuery = Static<typeof MockQuery>;

const longestDelayMs = 60_000;
/** Sequences and seeds whose calls are counted; the oldest is forgotten beyond it. */
const mostCounters = 10_000;

/**
 * A website that behaves as its address says: what the demo watches, and what an operator tries monitors and alerts
 * with. The same address gives the same sequence of answers after every start.
 */
export function addWebsiteMock(app: FastifyInstance, clock: Clock): void {
  const validator = compileSchema(MockQuery, { coerce: true, pointer: (pointer) => `query:${pointer.slice(1)}` });
  const calls = new Map<string, number>();
  const nextCall = (address: string): number => {
    const call = calls.get(address) ?? 0;
    if (calls.size >= mostCounters) calls.delete(calls.keys().next().value as string);
    calls.set(address, call + 1);
    return call;
  };

  app.all(websiteMockPath, { config: { rateLimit: false } }, async (request, reply) => {
    const query = structuredClone(request.query) as MockQuery;
    const problems = [...validator.problems(query)];
    const steps = problems.length > 0 ? [] : stepsOf(query.sequence, problems);
    const delayMs = problems.length > 0 ? 0 : (parseDuration(query.delay) ?? 0);
    if (delayMs > longestDelayMs) problems.push({ pointer: 'query:delay', message: 'must be at most 60s' });
    if (problems.length > 0)
      return sendProblem(validationError(problems, 'The question to the website mock'), request, reply);

    const call = nextCall(request.url);
    const gone = new AbortController();
    request.raw.socket.once('close', () => gone.abort());
    await clock.pause(delayMs, gone.signal);
    const status = statusOf(query, steps, call, clock.wallMs());
    const text = `${status} from the website mock\n`;
    return reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(text.repeat(Math.ceil(query.size / text.length)).slice(0, query.size));
  });
}

interface Step {
  readonly status: number;
  /** Undefined in a sequence by call. */
  readonly durationMs: number | undefined;
}

function stepsOf(sequence: string | undefined, problems: FieldProblem[]): Step[] {
  if (sequence === undefined) return [];
  const steps = sequence.split(',').map((step) => {
    const [status = '', duration] = step.split(':');
    return { status: Number(status), durationMs: duration === undefined ? undefined : parseDuration(duration) };
  });
  const timed = steps.filter(({ durationMs }) => durationMs !== undefined);
  if (timed.length > 0 && (timed.length < steps.length || timed.some(({ durationMs }) => durationMs === 0))) {
    problems.push({ pointer: 'query:sequence', message: 'either every status has a duration longer than 0s, or none' });
  }
  if (steps.some(({ status }) => status < 200)) {
    problems.push({ pointer: 'query:sequence', message: 'statuses must be from 200 to 599' });
  }
  return steps;
}

function statusOf(
  { status, failureRate, seed }: MockQuery,
  steps: readonly Step[],
  call: number,
  nowMs: number,
): number {
  if (steps.length > 0) return stepAt(steps, call, nowMs);
  return chance(seed, call) < failureRate ? 503 : status;
}

function stepAt(steps: readonly Step[], call: number, nowMs: number): number {
  const totalMs = steps.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  if (totalMs === 0) return (steps[call % steps.length] as Step).status;
  let restMs = nowMs % totalMs;
  for (const { status, durationMs = 0 } of steps) {
    if (restMs < durationMs) return status;
    restMs -= durationMs;
  }
  return (steps.at(-1) as Step).status;
}

/** A number from 0 up to 1 that only the seed and the number of the call decide. */
function chance(seed: string, call: number): number {
  return createHash('sha256').update(`${seed} ${call}`).digest().readUInt32BE(0) / 2 ** 32;
}
