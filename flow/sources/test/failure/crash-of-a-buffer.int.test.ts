import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChild } from '../../../../foundation/kit/test/child.ts';
import { openTestLog } from '../../../processor/test/log-on-test-database.ts';

const program = fileURLToPath(new URL('./buffer-child.ts', import.meta.url));

describe('a process with a buffer on disk is killed', () => {
  let under: Awaited<ReturnType<typeof openTestLog>>;
  let folder = '';
  beforeEach(async () => {
    under = await openTestLog(1);
    folder = mkdtempSync(join(tmpdir(), 'wk-buffer-'));
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true, force: true });
    await under.close();
  });

  const child = (mode: 'keep' | 'send', first: number, count: number, failpoint?: string) =>
    runChild(
      program,
      [JSON.stringify(under.database.connection), folder, mode, String(first), String(count)],
      failpoint === undefined ? {} : { WK_FAILPOINT: failpoint },
    );
  const keptBy = ({ lines }: { readonly lines: readonly string[] }) =>
    lines.filter((line) => line.startsWith('kept ')).map((line) => Number(line.slice(5)));
  const stored = async () => {
    const { rows } = await sql<{ value: number }>`
      select e.values[1] as value from events e join series s on s.id = e.series_id
      where s.source = 'buffer' order by 1`.execute(under.store.db);
    return rows.map(({ value }) => value);
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

  it.each(['buffer.before-sync:kill@4', 'buffer.after-sync:kill@4'])(
    'at %s: what was kept is stored, once, and nothing keeps the next start from working',
    async (failpoint) => {
      const killed = await child('keep', 0, 10, failpoint);
      expect([killed.signal, keptBy(killed)]).toEqual(['SIGKILL', [0, 1, 2]]);
      const next = await child('keep', 4, 3);
      expect([next.code, keptBy(next)], next.stderr).toEqual([0, [4, 5, 6]]);
      const sent = await child('send', 0, 0);
      expect(sent.lines, sent.stderr).toEqual(['sent']);
      // Event 3 was on its way to the disk: it may be there.
      expect((await stored()).filter((value) => value !== 3)).toEqual([0, 1, 2, 4, 5, 6]);
    },
  );

  it.each([
    'log.before-commit:kill@3',
    'log.after-commit:kill@3',
    'file.before-rename:kill@2',
    'buffer.before-delete:kill@1',
    'buffer.before-delete:kill@2',
  ])(
    'at %s while it sends: every event is stored once in the end',
    async (failpoint) => {
      expect(keptBy(await child('keep', 0, 40))).toHaveLength(40);
      const killed = await child('send', 0, 0, failpoint);
      expect(killed.signal, killed.stderr).toBe('SIGKILL');
      expect((await stored()).length).toBeLessThanOrEqual(40);
      expect((await child('keep', 40, 2)).code).toBe(0);
      const sent = await child('send', 0, 0);
      expect(sent.lines, sent.stderr).toEqual(['sent']);
      expect(await stored()).toEqual(numbers(42));
    },
    40_000,
  );
});
