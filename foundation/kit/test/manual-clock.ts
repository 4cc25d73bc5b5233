import type { Clock } from '../src/index.ts';

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 1000;
  #wallMs: number;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  constructor(wallMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#wallMs = wallMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const sleeper = {
        untilMs: this.#nowMs + milliseconds,
        wake: () => {
          this.#sleepers.delete(sleeper);
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** Time passes; whoever sleeps is woken in order. */
  advance(milliseconds: number): void {
    this.#nowMs += milliseconds;
    this.#wallMs += milliseconds;
    const due = [...this.#sleepers].filter(({ untilMs }) => untilMs <= this.#nowMs);
    for (const { wake } of due.sort((a, b) => a.untilMs - b.untilMs)) wake();
  }

  /** The wall clock is set; no time passes. */
  jump(milliseconds: number): void {
    this.#wallMs += milliseconds;
  }
}
