import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Finished, run } from '../../e2e/running-server.ts';

export const deployFolder = fileURLToPath(new URL('..', import.meta.url));
const program = fileURLToPath(new URL('../../apps/cli/bin/watchkeeper.mjs', import.meta.url));

/** Where secrets are mounted. */
const secretFiles = /\/(?:etc\/watchkeeper|run)\/secrets\/[^\s"']+/g;

/** Files that a settings file names: what is mounted as a secret, as `file:/…` or as a path. */
export function referencedFiles(text: string): string[] {
  return text.match(secretFiles) ?? [];
}

/** What `watchkeeper config check` says of a settings file; the secrets it refers to are there. */
export async function checkSettings(text: string, ...args: string[]): Promise<Finished> {
  const folder = mkdtempSync(join(tmpdir(), 'wk-settings-'));
  try {
    for (const file of referencedFiles(text)) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), 'postgres://nobody@127.0.0.1/nothing\n');
    }
    const file = join(folder, 'settings.yaml');
    writeFileSync(
      file,
      text.replaceAll(secretFiles, (secret) => join(folder, secret)),
    );
    return await run(process.execPath, [program, 'config', 'check', '--config', file, ...args]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const isMissing = (name: string) => (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes(name);
