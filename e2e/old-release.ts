import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Releases that can be run beside this one: the commit that each was made of. */
export const releaseCommits: Readonly<Record<string, string>> = {
  '0.1.0': '79db9f4c5bb934924d26d3c31da5f9566f8393ea',
};

/** The sources of a release in a folder of their own, ready to be started. Modules of others are those of the repository. */
export class OldRelease {
  readonly folder = mkdtempSync(join(tmpdir(), 'wk-release-'));

  /** @throws Error when the commit is not in this clone: a shallow one cannot show that an upgrade works. */
  constructor(release: string) {
    const commit = releaseCommits[release] ?? '';
    const archive = spawnSync('git', ['archive', commit], { cwd: root, maxBuffer: 256 * 1024 * 1024 });
    if (archive.status !== 0)
      throw new Error(
        `Release ${release} is commit ${commit}, which this clone does not have (${archive.stderr?.toString().trim()}). Fetch it with \`git fetch --unshallow\`.`,
      );
    const unpacked = spawnSync('tar', ['-x', '-C', this.folder], { input: archive.stdout });
    if (unpacked.status !== 0) throw new Error(`release ${release} could not be unpacked: ${unpacked.stderr}`);
    this.#linkModules();
  }

  get program(): string {
    return join(this.folder, 'apps/cli/bin/watchkeeper.mjs');
  }

  /** Copies a program of ours into the release, so that it runs with the packages of that release. */
  take(file: string): string {
    const place = join(this.folder, 'e2e', basename(file));
    cpSync(file, place);
    return place;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #linkModules(): void {
    const from = join(root, 'node_modules');
    const to = join(this.folder, 'node_modules');
    mkdirSync(join(to, '@watchkeeper'), { recursive: true });
    for (const name of readdirSync(from)) {
      if (name !== '@watchkeeper' && name !== 'watchkeeper' && name !== '.vite')
        symlinkSync(join(from, name), join(to, name));
    }
    for (const file of globSync('{foundation,flow,loop,edge,apps}/*/package.json', { cwd: this.folder })) {
      const { name } = JSON.parse(readFileSync(join(this.folder, file), 'utf8')) as { name: string };
      symlinkSync(join(this.folder, file, '..'), join(to, name));
    }
  }
}
