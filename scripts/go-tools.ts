/**
 * Tools that come as Go modules: built once from their exact version into a cache of the user, where the Go toolchain
 * is there. Nothing of the product needs them; tests of deploy/ do.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';

interface GoTool {
  /** Path of its main package. */
  readonly program: string;
  readonly version: string;
  /** Parts of it that are built; without them all are. */
  readonly tags?: readonly string[];
}

/** The plug-ins that the files of deploy/telegraf name; all of them would take an hour to build. */
const telegrafParts = [
  'custom',
  ...['cpu', 'disk', 'diskio', 'mem', 'net', 'prometheus', 'system'].map((name) => `inputs.${name}`),
  ...['outputs.influxdb', 'outputs.influxdb_v2', 'parsers.prometheus', 'serializers.influx'],
];

export const goTools = {
  helm: { program: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' },
  compose: { program: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.16.2' },
  telegraf: { program: 'github.com/influxdata/telegraf/cmd/telegraf', version: 'v1.37.2', tags: telegrafParts },
} as const satisfies Record<string, GoTool>;

export type GoToolName = keyof typeof goTools;

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'watchkeeper/tools');
const folderOf = (name: GoToolName) => join(cache, `${name}-${goTools[name].version}`);

/** Where a tool is, or would be once it is built. */
export function goToolPath(name: GoToolName): string {
  return join(folderOf(name), basename(goTools[name].program));
}

/** On the path, or where Go's own installation puts it. */
const findGo = () => ['go', '/usr/local/go/bin/go'].find((go) => spawnSync(go, ['version']).status === 0);

export const isGoThere = () => findGo() !== undefined;

/** Builds the tools that are not there yet. @throws Error with what Go said */
export function buildGoTools(onProgress: (text: string) => void): void {
  for (const name of Object.keys(goTools) as GoToolName[]) {
    if (existsSync(goToolPath(name))) continue;
    const { program, version, tags = [] }: GoTool = goTools[name];
    onProgress(`Building ${name} ${version}; this takes some minutes once`);
    const { status, stderr } = spawnSync(
      findGo() ?? 'go',
      ['install', '-tags', tags.join(','), `${program}@${version}`],
      {
        env: { ...process.env, GOBIN: folderOf(name), GOFLAGS: '-mod=mod' },
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(`${name} ${version} could not be built: ${stderr.slice(-2000)}`);
  }
}
