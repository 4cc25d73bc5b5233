/** Time as a dependency, so that tests can move it. Durations and deadlines come from `nowMs`, instants from `wallMs`. */
export interface Clock {
  /** Monotonic milliseconds with fractions; the zero is arbitrary. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01 UTC. May jump; never subtract two of them to get a duration. */
  wallMs(): number;
  /** Resolves after `milliseconds`, at once when the signal is aborted. Whoever loops looks at the signal. */
  pause(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = clockOf({ keepsAlive: true });

/** The same with pauses that do not keep a process alive: for what runs within somebody else's. */
export const quietClock: Clock = clockOf({ keepsAlive: false });

function clockOf({ keepsAlive }: { keepsAlive: boolean }): Clock {
  return {
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
        if (!keepsAlive) timer.unref();
        signal?.addEventListener('abort', done, { once: true });
      }),
  };
}
