import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SettingsSchema } from '../../apps/server/src/index.ts';
import { type Finished, run } from '../../e2e/running-server.ts';

export const deployFolder = fileURLToPath(new URL('..', import.meta.url));
const program = fileURLToPath(new URL('../../apps/cli/bin/watchkeeper.mjs', import.meta.url));

/** Sections of a settings file that this release does not know. */
export function unknownSections(text: string): string[] {
  return Object.keys(parse(text) as object).filter((name) => !Object.hasOwn(SettingsSchema.properties, name));
}

/** Files that a settings file refers to: what is mounted as a secret. */
export function referencedFiles(text: string): string[] {
  return [...text.matchAll(/file:(\/[^\s"']+)/g)].map(([, file = '']) => file);
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
    writeFileSync(file, text.replaceAll('file:/', `file:${folder}/`));
    return await run(process.execPath, [program, 'config', 'check', '--config', file, ...args]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const isMissing = (name: string) => (process.env.WK_MISSING_PROGRAMS ?? '').split(' ').includes(name);
