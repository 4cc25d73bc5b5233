/**
 * Builds the web app into apps/web/dist, unless the build that is there was made of the same inputs. Run by
 * `npm run build` and by every start from the repository.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'apps/web');
const dist = join(web, 'dist');
const stamp = join(dist, '.inputs');
/** Everything that the result depends on. */
const inputs = ['apps/web/src', 'apps/web/public', 'edge/client/src', 'foundation/model/src'];
const files = [
  'apps/web/index.html',
  'apps/web/vite.config.ts',
  'apps/web/package.json',
  'package-lock.json',
  'scripts/build-web.ts',
];

function inputHash(): string {
  const hash = createHash('sha256');
  const found = inputs.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...found, ...files.map((name) => join(root, name))].sort()) {
    hash
      .update(`${file.slice(root.length)}\n`)
      .update(readFileSync(file))
      .update('\n');
  }
  return hash.digest('hex');
}

function builtFrom(): string | undefined {
  try {
    return readFileSync(stamp, 'utf8');
  } catch {
    // No build yet.
    return undefined;
  }
}

const hash = inputHash();
if (builtFrom() !== hash) {
  const { build } = await import('vite');
  process.chdir(web);
  await build({ root: web, logLevel: 'warn' });
  writeFileSync(stamp, hash);
}
