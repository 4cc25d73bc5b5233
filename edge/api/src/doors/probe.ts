import { expositionText } from '@watchkeeper/formats';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Door } from './door.ts';
import { one, type Query } from './key-of.ts';

/** What blackbox_exporter takes when nothing is said. */
const defaultModule = 'http_2xx';

/** Checks a target for a scraper: one page of metrics about it. */
export const probe: Door = {
  summary: 'Checks a target as `module` says and answers in the metrics of blackbox_exporter',
  places: ['GET /probe'],
  // Whoever may have anything checked is whoever may make monitors.
  role: 'editor',
  isOpenTo: (request, { probe: { openOnLoopback } }) => openOnLoopback && isFromThisMachine(request),
  async answer({ request, reply, options }) {
    const query = request.query as Query;
    const target = one(query?.target);
    if (!target) return refuse(reply, 'Target parameter is missing');
    const limit = scrapeTimeout(request);
    if (limit === null) return refuse(reply, 'X-Prometheus-Scrape-Timeout-Seconds is no number of seconds');
    const hostname = one(query?.hostname);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const answer = await options.probe.prober.probe({
      ...{ target, module: one(query?.module) || defaultModule, signal: gone.signal },
      ...(hostname ? { hostname } : {}),
      ...(limit === undefined ? {} : { withinMs: limit }),
    });
    if (!answer.ok) return refuse(reply, answer.message);
    const text = expositionText(answer.metrics);
    if (one(query?.debug) === 'true') {
      const why = answer.message === undefined ? '' : `: ${answer.message}`;
      return plain(reply).send(`${target} is ${answer.outcome}${why}\n\n${text}`);
    }
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  },
  answerError: (reply, { code, message }) => {
    if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer realm="watchkeeper"');
    return plain(reply).send(`${message}\n`);
  },
};

const plain = (reply: FastifyReply) => reply.type('text/plain; charset=utf-8');
const refuse = (reply: FastifyReply, message: string) => plain(reply.code(400)).send(`${message}\n`);

/** How long the scraper waits, milliseconds; undefined when it does not say, null when it says nonsense. */
function scrapeTimeout({ headers }: FastifyRequest): number | undefined | null {
  const text = one(headers['x-prometheus-scrape-timeout-seconds']);
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return seconds > 0 ? seconds * 1000 : null;
}

/**
 * A program on this machine that asks for itself: not one that passes on what others ask, and not a page in a browser,
 * which can make it ask but never under a name of this machine.
 */
function isFromThisMachine({ socket, headers, hostname }: FastifyRequest): boolean {
  const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(socket.remoteAddress ?? '');
  const isPassedOn = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => headers[name] !== undefined);
  const isNamedSo = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(hostname);
  const isOfPage = headers['sec-fetch-site'] !== undefined || headers.origin !== undefined;
  return isLocal && !isPassedOn && isNamedSo && !isOfPage;
}
