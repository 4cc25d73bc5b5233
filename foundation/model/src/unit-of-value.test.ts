import { describe, expect, it } from 'vitest';
import { unitOfValue } from './unit-of-value.ts';

describe('The unit of a value', () => {
  it.each([
    ['durationMs', 'ms'],
    ['duration_ms', 'ms'],
    ['sizeBytes', 'bytes'],
    ['http.server.duration_seconds', 's'],
    ['cpuSecondsTotal', 's'],
    ['usedPercent', '%'],
    ['hitRatio', 'ratio'],
    ['requestsPerSecond', '/s'],
    ['bytes_per_sec', 'bytes/s'],
    ['latency_ms_p95', 'ms'],
    ['temperatureCelsius', '°C'],
  ])('of %s is %s', (name, unit) => {
    expect(unitOfValue(name)).toBe(unit);
  });

  it.each(['value', 'count', 'items', 'ms', 's', 'duration_ms_count', 'status', 'bus', ''])(
    'is not said by "%s"',
    (name) => {
      expect(unitOfValue(name)).toBeNull();
    },
  );
});
