/**
 * Builds the web app into apps/web/dist, unless the build that is there was made of the same inputs. Run by
 * `npm run build` and by every start from the repository.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'apps/web');
const dist = join(web, 'dist');
const stampName = '.build-hash';
/** Everything that the result depends on. */
const inputFolders = ['apps/web/src', 'apps/web/public', 'edge/client/src', 'foundation/model/src'];
const inputFiles = [
  'apps/web/index.html',
  'apps/web/vite.config.ts',
  'apps/web/package.json',
  'apps/web/tsconfig.json',
  'package-lock.json',
  'tsconfig.json',
  'scripts/build-web.ts',
];

export interface BuildWebOptions {
  /** Called with a few words when something takes time, or is not as it should be. */
  readonly onProgress?: (text: string) => void;
}

/**
 * Makes sure that apps/web/dist is the web app of these sources and returns that folder. A build is made beside it and
 * put in its place when it is whole, so a process that serves the old one, or builds as well, never sees half of it.
 * Where the folder cannot be written, a build that is there already is taken as it is.
 * @throws WatchkeeperError `web_build_failed`
 */
export async function buildWeb({ onProgress = () => {} }: BuildWebOptions = {}): Promise<string> {
  const hash = inputHash();
  if (builtFrom() === hash) return dist;
  onProgress('building the web app');
  // What is in a folder called dist is left alone by version control and the formatter.
  const workplace = join(web, `.build-${process.pid}`);
  const fresh = join(workplace, 'dist');
  try {
    mkdirSync(workplace, { recursive: true });
    const { build } = await import('vite');
    await build({ root: web, configLoader: 'native', logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
    writeFileSync(join(fresh, stampName), hash);
    takePlace(fresh, join(workplace, 'old'));
  } catch (error) {
    if (isReadOnly(error) && existsSync(join(dist, 'index.html'))) {
      onProgress('the web app is older than its sources, and its folder cannot be written; it is taken as it is');
      return dist;
    }
    const { WatchkeeperError } = await import('@watchkeeper/model');
    const why = isReadOnly(error)
      ? `${web} cannot be written. Run \`npm run build\` once as its owner.`
      : `${(error as Error).message} Repair that, then run \`npm run build\`.`;
    throw new WatchkeeperError('web_build_failed', `The web app could not be built in ${dist}: ${why}`, {
      cause: error,
    });
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
  return dist;
}

/** Two renames: between them there is no build for a moment, but never a half one. */
function takePlace(fresh: string, old: string): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (existsSync(dist)) renameSync(dist, `${old}-${attempt}`);
      renameSync(fresh, dist);
      return;
    } catch (error) {
      // Another process does the same at this moment, with a build of the same sources; one of them stays.
      if (attempt === 5 || isReadOnly(error)) throw error;
    }
  }
}

function inputHash(): string {
  const hash = createHash('sha256');
  const found = inputFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of [...found, ...inputFiles.map((name) => join(root, name))].sort()) {
    hash
      .update(`${file.slice(root.length)}\n`)
      .update(readFileSync(file))
      .update('\n');
  }
  return hash.digest('hex');
}

function builtFrom(): string | undefined {
  try {
    return readFileSync(join(dist, stampName), 'utf8');
  } catch {
    // No build yet.
    return undefined;
  }
}

function isReadOnly(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}

if (import.meta.main) {
  try {
    await buildWeb({ onProgress: (text) => process.stdout.write(`${text}\n`) });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 70;
  }
}
