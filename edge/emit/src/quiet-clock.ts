import type { Clock } from '@watchkeeper/kit';

/** The system's time with pauses that do not keep a process alive. */
export const quietClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  pause: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, milliseconds));
      timer.unref();
      signal?.addEventListener('abort', done, { once: true });
    }),
};
