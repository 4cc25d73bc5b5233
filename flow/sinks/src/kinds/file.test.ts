import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { aBatch, aContext, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import type { PlainEvent } from '../plain-event.ts';
import file from './file.ts';

const never = new AbortController().signal;

async function openTarget({ fileBytes = 1_000_000, files = 10 } = {}) {
  const filesDir = mkdtempSync(join(tmpdir(), 'wk-file-'));
  const folder = join(filesDir, 'out');
  const names = () => (existsSync(folder) ? readdirSync(folder).sort() : []);
  return {
    ...{ folder, names, options: { folder: 'out', fileBytes, files }, context: { filesDir } },
    values: () =>
      names()
        .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
        .filter((line) => line !== '')
        .flatMap((line) => (JSON.parse(line) as PlainEvent).values.durationMs ?? []),
    async goAway() {
      writeFileSync(folder, 'in the way');
    },
    async comeBack() {
      renameSync(folder, `${folder}.old`);
    },
    close: async () => rmSync(filesDir, { recursive: true }),
  };
}

describeSinkContract(file, { openTarget, sentTwice: 'twice' });

it('A file that would be too large is put aside, and the oldest ones are deleted', async () => {
  const target = await openTarget({ fileBytes: 10_000, files: 3 });
  const sink = file.open(target.options, aContext(target.context));
  for (let start = 1; start < 301; start += 50) await sink.write(aBatch(someEvents(50, start)), never);
  expect(target.names().length).toBe(3);
  for (const name of target.names()) expect(statSync(join(target.folder, name)).size).toBeLessThanOrEqual(10_000);
  const values = target.values().toSorted((a, b) => a - b);
  expect(values.at(-1)).toBe(300);
  expect(values).toEqual(Array.from({ length: values.length }, (_, place) => 301 - values.length + place));
  await sink.close();
  await target.close();
});

it('Half a line that a crash left is cut off before more is written', async () => {
  const target = await openTarget();
  const first = file.open(target.options, aContext(target.context));
  await first.write(aBatch(someEvents(2)), never);
  await first.close();
  appendFileSync(join(target.folder, target.names()[0] ?? ''), '{"id":"0-3","na');
  const second = file.open(target.options, aContext(target.context));
  await second.write(aBatch(someEvents(1, 3)), never);
  expect(target.values()).toEqual([1, 2, 3]);
  await second.close();
  await target.close();
});

it('Without a folder in the settings nothing is written, and it says so', async () => {
  const sink = file.open({ folder: 'out', fileBytes: 10_000, files: 2 }, aContext());
  expect(await sink.write(aBatch(someEvents(1)), never)).toMatchObject({
    ok: false,
    error: expect.stringMatching(/sinks.filesDir/),
  });
});
