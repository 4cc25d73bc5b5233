/** What is done when the process ends by itself or by a signal. */
export interface EndWork {
  /** Brings out what waits, within a bound of its own. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** Whether there is anything to bring out. */
  readonly isEmpty: () => boolean;
}

/**
 * Flushes before the process ends: when its event loop runs empty, and, where wanted, at a signal. After a signal it is
 * ended by the same signal, unless the application listens for it too and so ends by itself. Returns what takes the
 * listeners away.
 */
export function beforeEnd({ flush, close, isEmpty }: EndWork, signals: readonly NodeJS.Signals[]): () => void {
  let isTried = false;
  const onBeforeExit = () => {
    // The event runs empty once more after each flush; what was not taken then stays on disk.
    if (isTried || isEmpty()) return;
    isTried = true;
    void keepAlive(flush()).then(() => setTimeout(() => (isTried = false), 0).unref());
  };
  const onSignal = (signal: NodeJS.Signals) => {
    void keepAlive(close()).then(() => {
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  process.on('beforeExit', onBeforeExit);
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    process.removeListener('beforeExit', onBeforeExit);
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
}

/** Everything of an emitter lets the process end; here somebody waits for it. */
export async function keepAlive<T>(work: Promise<T>): Promise<T> {
  const timer = setInterval(() => undefined, 60_000);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
