import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@watchkeeper/kit';
import { type EventBatch, WatchkeeperError } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anEvent } from '../../model/test/makers.ts';
import { BufferedOutlet, type BufferedOutletOptions } from './buffered-outlet.ts';

const logger = createLogger({ level: 'silent', format: 'json', destination: process.stderr });
let folder = '';
let open: BufferedOutlet[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wk-outlet-'));
});
afterEach(async () => {
  for (const outlet of open) await outlet.close(0);
  open = [];
  rmSync(folder, { recursive: true, force: true });
});

/** A server at the border of the process: it takes what it is sent once, or fails as a test says. */
function aServer() {
  const taken: { producer: string; epoch: number; seq: number; value: number }[] = [];
  const server = {
    taken,
    failure: undefined as ((batch: EventBatch) => WatchkeeperError | undefined) | undefined,
    send: async (batch: EventBatch) => {
      const error = server.failure?.(batch);
      if (error !== undefined) throw error;
      batch.events.forEach(({ values }, index) => {
        const { producer, epoch } = batch;
        const seq = batch.firstSeq + index;
        if (!taken.some((one) => one.producer === producer && one.epoch === epoch && one.seq === seq))
          taken.push({ producer, epoch, seq, value: Number(values[0]) });
      });
      return { refused: [] };
    },
  };
  return server;
}

async function openOutlet(send: BufferedOutletOptions['send'], over: Partial<BufferedOutletOptions> = {}) {
  const outlet = await BufferedOutlet.open({
    ...{ folder, limitBytes: 4 * 1024 * 1024, memoryEvents: 1000, clock: systemClock, logger, send, ...over },
  });
  open.push(outlet);
  return outlet;
}

async function until(what: string, look: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!look()) {
    if (performance.now() > deadlineMs) throw new Error(`waited 15 s for ${what}`);
    await systemClock.pause(5);
  }
}

const away = () => new WatchkeeperError('server_unreachable', 'away');
const add = (outlet: BufferedOutlet, value: number) => outlet.add(anEvent({ values: [value] }));

describe('Events on their way to a server', () => {
  it('are seen live first after an outage, then what was kept, each once', async () => {
    const server = aServer();
    const outlet = await openOutlet(server.send);
    add(outlet, 0);
    await until('the first', () => server.taken.length === 1);
    server.failure = away;
    add(outlet, 1);
    await until('the outage', () => outlet.lastError !== null);
    for (let value = 2; value < 20; value++) add(outlet, value);
    await until('the backlog', () => outlet.figures().backlog === 18);
    server.failure = undefined;
    outlet.sendNow();
    await until('the return', () => outlet.lastError === null);
    add(outlet, 100);
    await until('everything', () => outlet.waiting === 0);
    expect(server.taken.map(({ value }) => value)).toEqual([
      ...[0, 1, 100],
      ...Array.from({ length: 18 }, (_, index) => index + 2),
    ]);
    expect(new Set(server.taken.map(({ producer }) => producer.split('/')[1]))).toEqual(new Set(['live', 'backlog']));
    expect(outlet.dropped).toBe(0);
  });

  it('do not wait for ever when nothing new comes', async () => {
    const server = aServer();
    server.failure = away;
    const outlet = await openOutlet(server.send);
    add(outlet, 1);
    await until('the outage', () => outlet.lastError !== null);
    add(outlet, 2);
    server.failure = undefined;
    await until('everything', () => outlet.waiting === 0);
    expect(server.taken.map(({ value }) => value)).toEqual([1, 2]);
  });

  it('pass by a batch at which the server stumbles', async () => {
    const server = aServer();
    server.failure = (batch) =>
      batch.events.some(({ values }) => values[0] === 13) ? new WatchkeeperError('internal', 'stumbles') : undefined;
    const outlet = await openOutlet(server.send);
    add(outlet, 13);
    await until('the stumble', () => outlet.lastError !== null);
    add(outlet, 14);
    await until('the other', () => server.taken.length === 1);
    server.failure = undefined;
    outlet.sendNow();
    await until('everything', () => outlet.waiting === 0);
    expect(server.taken.map(({ value }) => value)).toEqual([14, 13]);
  });

  it('that are refused for what they are stop nobody, and are counted', async () => {
    const server = aServer();
    server.failure = (batch) =>
      batch.events.some(({ values }) => values[0] === 13) ? new WatchkeeperError('validation_failed', 'no') : undefined;
    const outlet = await openOutlet(server.send);
    add(outlet, 13);
    await until('the refusal', () => outlet.figures().refused === 1);
    add(outlet, 14);
    await until('everything', () => outlet.waiting === 0);
    expect([server.taken.map(({ value }) => value), outlet.dropped]).toEqual([[14], 1]);
  });

  it('go on under another name when somebody has taken theirs', async () => {
    const server = aServer();
    let stolen = '';
    server.failure = ({ producer }) => {
      stolen ||= producer;
      return producer === stolen ? new WatchkeeperError('epoch_fenced', 'fenced') : undefined;
    };
    const outlet = await openOutlet(server.send);
    add(outlet, 1);
    await until('everything', () => outlet.waiting === 0);
    expect(server.taken).toMatchObject([{ value: 1, seq: 1 }]);
    expect(server.taken[0]?.producer).not.toBe(stolen);
  });

  it('have a higher epoch after every start, also when the clock was set back', async () => {
    const server = aServer();
    const epochs: number[] = [];
    for (const wallMs of [2e12, 1e12, 1e12]) {
      const outlet = await openOutlet(server.send, { clock: { ...systemClock, wallMs: () => wallMs } });
      add(outlet, 1);
      await until('it', () => outlet.waiting === 0);
      await outlet.close(1000);
      open = [];
      epochs.push(server.taken.at(-1)?.epoch ?? 0);
    }
    expect(epochs[0]).toBeGreaterThanOrEqual(2e15);
    expect(epochs[1]).toBeGreaterThan(epochs[0] ?? 0);
    expect(epochs[2]).toBeGreaterThan(epochs[1] ?? 0);
  });

  it('have another epoch in each of two copies of a folder, also when both start at the same moment', async () => {
    const server = aServer();
    writeFileSync(join(folder, 'identity.json'), '{"producer":"of-both","epoch":1790000000}');
    const copy = `${folder}-copy`;
    cpSync(folder, copy, { recursive: true });
    const clock = { ...systemClock, wallMs: () => 1.79e12 };
    try {
      for (const one of [folder, copy]) add(await openOutlet(server.send, { folder: one, clock }), 1);
      await until('both', () => server.taken.length === 2);
    } finally {
      for (const outlet of open.splice(0)) await outlet.close(0);
      rmSync(copy, { recursive: true, force: true });
    }
    const [first, second] = server.taken;
    expect([first?.producer, second?.producer]).toEqual(['of-both/live', 'of-both/live']);
    expect(first?.epoch).not.toBe(second?.epoch);
    for (const { epoch } of server.taken) expect(epoch).toBeGreaterThan(1_790_000_000);
  });

  it.each([`{"producer":"p","epoch":${Number.MAX_SAFE_INTEGER}}`, '{"producer":"p"}', 'null', '{'])(
    'begin under another name when what was kept is %s',
    async (kept) => {
      const server = aServer();
      writeFileSync(join(folder, 'identity.json'), kept);
      const outlet = await openOutlet(server.send);
      add(outlet, 1);
      await until('it', () => outlet.waiting === 0);
      const [taken] = server.taken;
      expect(taken?.producer).not.toBe('p/live');
      expect(Number.isSafeInteger(taken?.epoch)).toBe(true);
    },
  );

  it('wait on disk when the process ends while the server is away', async () => {
    const server = aServer();
    server.failure = away;
    const outlet = await openOutlet(server.send);
    for (let value = 0; value < 5; value++) add(outlet, value);
    await until('the outage', () => outlet.lastError !== null);
    const startedMs = performance.now();
    await outlet.close(5000);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    open = [];
    server.failure = undefined;
    const next = await openOutlet(server.send);
    await until('everything', () => next.waiting === 0);
    expect(server.taken.map(({ value, seq }) => [value, seq])).toEqual(
      [0, 1, 2, 3, 4].map((value) => [value, value + 1]),
    );
  });
});
