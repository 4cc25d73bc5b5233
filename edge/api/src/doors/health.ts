import { answerErrorV2, type Door } from './door.ts';

export const health: Door = {
  summary: 'Whether it is ready, as clients of InfluxDB 2 ask',
  places: ['GET /health'],
  role: 'none',
  async answer({ reply, options: { readiness, product } }) {
    const { ready } = await readiness();
    const [status, message] = ready ? ['pass', 'ready for writes'] : ['fail', 'not ready for writes'];
    if (!ready) reply.code(503).header('retry-after', '2');
    return reply.send({ name: 'watchkeeper', status, message, checks: [], version: product.version });
  },
  answerError: answerErrorV2,
};
