import type { Written } from '@watchkeeper/model';
import type { SinkContext } from './sink-context.ts';

/** Before our end of a connection the other side is given this and two ways there and back to show that it is gone, milliseconds. */
const leastQuietMs = 20;
const mostQuietMs = 500;

/**
 * Sends text over a connection of its own. Protocols without answers say nothing of what arrived, but a connection that
 * we have closed first, and the other side in order after it, has brought everything to the program at its end. One that
 * the other side closes first may have brought nothing: a balancer without a program behind it does so.
 */
export async function sendTcp(
  text: string,
  { host, port }: { readonly host: string; readonly port: number },
  { egress, timeoutMs, clock }: Pick<SinkContext, 'egress' | 'timeoutMs' | 'clock'>,
  signal: AbortSignal,
): Promise<Written> {
  const place = `${host}:${port}`;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const startedMs = clock.nowMs();
  const connected = await egress.connect({ host, port, signal: deadline });
  if (!connected.ok) return { ok: false, error: `${place}: ${connected.message}` };
  const { socket } = connected;
  const quietMs = Math.min(mostQuietMs, leastQuietMs + 2 * (clock.nowMs() - startedMs));
  return new Promise((done) => {
    const finish = (written: Written) => {
      deadline.removeEventListener('abort', onAbort);
      socket.destroy();
      done(written);
    };
    const onAbort = () => finish({ ok: false, error: `${place} did not take everything in time` });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      finish({ ok: false, error: `${place} broke the connection (${error.code ?? error.message})` }),
    );
    let isEnding = false;
    const onEnd = () => {
      if (!isEnding) finish({ ok: false, error: `${place} closed the connection before it had everything` });
    };
    socket.once('end', onEnd);
    socket.once('close', () => (isEnding ? finish({ ok: true, refused: [] }) : onEnd()));
    // What the other side says is not read for anything; unread it would keep the connection open.
    socket.resume();
    if (deadline.aborted) return onAbort();
    deadline.addEventListener('abort', onAbort, { once: true });
    socket.write(text, async (error) => {
      if (error) return;
      await clock.pause(quietMs, deadline);
      if (socket.destroyed) return;
      isEnding = true;
      socket.end();
    });
  });
}
