import { createLogger } from '@watchkeeper/kit';
import type { EventReceipt, NewEvent } from '@watchkeeper/model';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../../foundation/kit/test/manual-clock.ts';
import type { Caller } from '../handler.ts';
import { LineIntake, linesPerBody } from './line-intake.ts';
import { OtlpIntake, otlpJsonBytes } from './otlp-intake.ts';

const caller: Caller = {
  ...{ name: 'Telegraf', keyId: null, role: 'ingest', tenantId: 1, tenant: 'default' },
  ...{ seesAllTenants: false, kind: 'key', expiresAt: null },
};

/** A receipt at the border of the process that keeps how many events came, in order. */
function parts() {
  const taken: number[] = [];
  const receipt = {
    take: async (events: readonly NewEvent[]) => {
      taken.push(events.length);
      return { stored: events.length, alreadyStored: 0, refused: [] };
    },
    countUnreadable: () => undefined,
  } as unknown as EventReceipt;
  const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
  const dependencies = { receipt, refusedInputs: { note: () => undefined }, clock: new ManualClock(), logger };
  return { taken, dependencies };
}

const lines = (count: number) => ({
  ...({ body: Buffer.from('a a=1\n'.repeat(count)), caller, database: 'x', precision: 'ns', door: '/write' } as const),
});

it('A body of more lines than memory is meant for is refused whole, and the next one is taken', async () => {
  const { taken, dependencies } = parts();
  const intake = new LineIntake(dependencies, { database: 'x', bodyBytes: 1e9, repeatedWithinMs: 0 });
  const large = expect(intake.take(lines(linesPerBody + 1000))).rejects.toMatchObject({ code: 'body_too_large' });
  expect(await intake.take(lines(3))).toMatchObject({ stored: 3, dropped: 0 });
  await large;
  expect(taken).toEqual([3]);
});

it('Bodies are read in the order in which they came, one after the other', async () => {
  const { taken, dependencies } = parts();
  const intake = new LineIntake(dependencies, { database: 'x', bodyBytes: 1e9, repeatedWithinMs: 0 });
  await Promise.all([intake.take(lines(20_000)), intake.take(lines(5)), intake.take(lines(6))]);
  expect(taken).toEqual([20_000, 5, 6]);
});

it('A body of OTLP in JSON that would stop others for long is refused before it is read', async () => {
  const { taken, dependencies } = parts();
  const intake = new OtlpIntake(dependencies, { repeatedWithinMs: 0 });
  const body = Buffer.alloc(otlpJsonBytes + 1, ' ');
  await expect(intake.take({ body, caller, door: '/v1/metrics', isJson: true })).rejects.toMatchObject({
    code: 'body_too_large',
  });
  expect(taken).toEqual([]);
});
