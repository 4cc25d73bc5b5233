import { expect, it } from 'vitest';
import { measureProcess } from './process-figures.ts';

const roles = {
  scheduler: undefined,
  listeners: undefined,
  processor: undefined,
  forwarder: undefined,
  health: undefined,
};

it('measures the process itself, and a blocked event loop shows', async () => {
  const figures = measureProcess({ ...roles, lastError: () => null });
  // The histogram begins with the first turn of the loop.
  await new Promise((resolve) => setTimeout(resolve, 60));
  // By processor time and by the clock, so that a busy machine does not hide it.
  const [untilMs, before] = [performance.now() + 150, process.cpuUsage()];
  while (performance.now() < untilMs || process.cpuUsage(before).user < 100_000) Math.sqrt(untilMs);
  await new Promise((resolve) => setTimeout(resolve, 60));
  const told = figures();
  expect(told).toMatchObject({ isRemote: false, readers: [], checks: null, latenessP99Ms: null, lastError: null });
  expect(told.loopDelayP99Ms).toBeGreaterThan(100);
  expect(told.cpuRatio).toBeGreaterThan(0);
  expect(told.cpuRatio).toBeLessThan(4);
  expect(told.rssBytes).toBeGreaterThan(10_000_000);
});

it('cuts a long error short', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const figures = measureProcess({ ...roles, lastError: () => ({ message: 'x'.repeat(9000), at }) });
  expect(figures().lastError).toEqual({ message: 'x'.repeat(500), at });
});
