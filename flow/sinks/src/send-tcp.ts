import type { Written } from '@watchkeeper/model';
import type { SinkContext } from './sink-context.ts';

/**
 * Sends text over a connection of its own. Protocols without answers say nothing of what arrived, but a connection that
 * both sides have closed in order has brought everything to the program at its end.
 */
export async function sendTcp(
  text: string,
  { host, port }: { readonly host: string; readonly port: number },
  { egress, timeoutMs }: Pick<SinkContext, 'egress' | 'timeoutMs'>,
  signal: AbortSignal,
): Promise<Written> {
  const place = `${host}:${port}`;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const connected = await egress.connect({ host, port, signal: deadline });
  if (!connected.ok) return { ok: false, error: `${place}: ${connected.message}` };
  const { socket } = connected;
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
    socket.once('close', () => finish({ ok: true, refused: [] }));
    // What the other side says is not read for anything; unread it would keep the connection open.
    socket.resume();
    if (deadline.aborted) return onAbort();
    deadline.addEventListener('abort', onAbort, { once: true });
    socket.end(text);
  });
}
