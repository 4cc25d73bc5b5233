import type { BufferLog } from '@watchkeeper/buffer';

/** The same problem is told again after so long, milliseconds. */
const againMs = 60_000;
/** Most texts that are remembered. */
const mostTexts = 100;

/** Tells an application what goes wrong, each thing once a minute at most. Never throws. */
export class ProblemTeller {
  readonly #onProblem: (message: string) => void;
  readonly #toldAtMs = new Map<string, number>();
  /** The same for the buffer, which has things to tell of its own. */
  readonly log: BufferLog;

  constructor(onProblem: (message: string) => void = warn) {
    this.#onProblem = onProblem;
    const tell = (first: unknown, text?: unknown) => this.tell(String(text ?? first), first);
    this.log = { info: () => undefined, warn: tell, error: tell };
  }

  /** @param about may carry the error (`err`) or its reason */
  tell(text: string, about?: unknown): void {
    const nowMs = performance.now();
    if (nowMs - (this.#toldAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < againMs) return;
    if (this.#toldAtMs.size >= mostTexts) this.#toldAtMs.clear();
    this.#toldAtMs.set(text, nowMs);
    const { err, reason } = (typeof about === 'object' && about !== null ? about : {}) as Record<string, unknown>;
    const why = err instanceof Error ? err.message : typeof reason === 'string' ? reason : undefined;
    try {
      this.#onProblem(why === undefined ? text : `${text}: ${why}`);
    } catch (error) {
      warn(`onProblem of the emitter failed: ${String(error)}`);
    }
  }
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'WatchkeeperWarning' });
}
