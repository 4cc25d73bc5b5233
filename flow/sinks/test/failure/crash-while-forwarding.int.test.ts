import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { anEvent } from '../../../../foundation/model/test/makers.ts';
import { startChild } from '../../../processor/test/faults/child-process.ts';
import { type HttpTarget, openHttpTarget } from '../http-target.ts';
import { aSink, openSinkWorld, type SinkWorld, until } from '../sink-world.ts';

const program = fileURLToPath(new URL('./forwarder-child.ts', import.meta.url));

interface Body {
  readonly producer: string;
  readonly epoch: number;
  readonly firstSeq: number;
  readonly events: readonly { readonly values: { readonly durationMs: number } }[];
}

let world: SinkWorld;
let target: HttpTarget;
beforeEach(async () => {
  world = await openSinkWorld({ partitions: 1 });
  target = await openHttpTarget();
});
afterEach(async () => {
  await world.close();
  await target.close();
});

const bodies = () => target.taken.map(({ body }) => JSON.parse(body.toString()) as Body);
const arrived = () => bodies().flatMap(({ events }) => events.map(({ values }) => values.durationMs));
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

describe('A forwarder is killed', () => {
  // How many events its target has twice: those of the batch that it took and whose position was not saved.
  it.each([
    ['sink.before-write', 1, 0],
    ['sink.before-write', 3, 0],
    ['sink.after-write', 1, 50],
    ['sink.after-write', 3, 50],
    ['sink.after-commit', 1, 0],
    ['sink.after-commit', 3, 0],
  ])(
    'at %s, passing %i: after a restart nothing is missing, %i events came twice, and their identity tells',
    async (name, passing, twice) => {
      const connection = JSON.stringify(world.database.connection);
      const all = Array.from({ length: 300 }, (_, place) => place);
      await world.append(all.map((value) => anEvent({ values: [value] })));
      await world.put(aSink({ type: 'webhook', options: { url: target.url, headers: {} }, batchEvents: 50 }));
      const env = { WK_FAILPOINT: `${name}:kill@${passing}` };
      const killed = await runChild(program, [connection, 'first', world.filesDir], env);
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      const again = await runChild(program, [connection, 'second', world.filesDir]);
      expect(again.lines, again.stderr).toEqual(['done']);

      expect(sorted(new Set(arrived()))).toEqual(all);
      expect(arrived().length - all.length).toBe(twice);
      const byIdentity = new Map(
        bodies().flatMap(({ producer, epoch, firstSeq, events }) =>
          events.map(({ values }, place) => [`${producer} ${epoch} ${firstSeq + place}`, values.durationMs] as const),
        ),
      );
      expect(sorted(byIdentity.values())).toEqual(all);
      expect(await world.progress()).toMatchObject({ forwarded: 300, refused: 0, lagEvents: 0 });
    },
    40_000,
  );

  it('and one that stood still after the answer cannot move the position of the one that took over', async () => {
    await world.append(Array.from({ length: 10 }, (_, value) => anEvent({ values: [value] })));
    await world.put(aSink({ type: 'webhook', options: { url: target.url, headers: {} } }));
    const args = [JSON.stringify(world.database.connection), 'stopped', world.filesDir];
    const lines: string[] = [];
    const child = startChild(program, args, {
      env: { WK_FAILPOINT: 'sink.after-write:stop' },
      onLine: (line) => lines.push(line),
    });
    await until('the child to have sent', () => arrived().length === 10);
    world.start();
    await world.allForwarded();
    await world.append([anEvent({ values: [10] })]);
    await world.allForwarded();
    child.signal('SIGCONT');
    expect(await child.ended, child.complaints()).toMatchObject({ code: 0 });
    expect(lines).toEqual(['done']);
    expect(child.complaints()).toMatch(/another process reads this partition/);
    expect(await world.progress()).toMatchObject({ forwarded: 11, lagEvents: 0 });
    const once = Array.from({ length: 10 }, (_, value) => value);
    expect(sorted(arrived())).toEqual(sorted([...once, ...once, 10]));
  }, 40_000);
});
