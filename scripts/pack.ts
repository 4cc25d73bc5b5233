/**
 * Makes the package that operators install: the command line, the server and the built web app as plain JavaScript,
 * with every dependency of ours at its exact version. Writes dist/watchkeeper and, with npm, dist/watchkeeper-<version>.tgz;
 * beside it the libraries that applications install.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { packLibraries } from './pack-libraries.ts';
import { repositoryRoot } from './source-files.ts';

interface Package {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const read = (file: string) => JSON.parse(readFileSync(join(repositoryRoot, file), 'utf8')) as Package;
const out = join(repositoryRoot, 'dist/watchkeeper');

const web = spawnSync(process.execPath, [join(repositoryRoot, 'scripts/build-web.ts')], { stdio: 'inherit' });
if (web.status !== 0) process.exit(1);
rmSync(join(repositoryRoot, 'dist'), { recursive: true, force: true });
mkdirSync(join(out, 'bin'), { recursive: true });

await build({
  root: repositoryRoot,
  logLevel: 'warn',
  configFile: false,
  publicDir: false,
  build: {
    ssr: join(repositoryRoot, 'apps/cli/src/main.ts'),
    outDir: join(out, 'dist'),
    target: 'node24',
    rolldownOptions: { output: { entryFileNames: 'main.js', chunkFileNames: '[name]-[hash].js' } },
  },
  // Our own packages become part of it; those of others are installed beside it.
  ssr: { noExternal: [/^@watchkeeper\//] },
});

const cli = read('apps/cli/package.json');
const root = read('package.json');
const packages = globSync('{foundation,flow,loop,edge}/*/package.json', { cwd: repositoryRoot }).map(read);
const all = [cli, read('apps/server/package.json'), ...packages];
const sorted = (entries: readonly (readonly [string, string])[]) =>
  Object.fromEntries(
    entries.filter(([name]) => !name.startsWith('@watchkeeper/')).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
const manifest = {
  name: 'watchkeeper',
  version: cli.version,
  description: 'Watches services the way their users do, and tells when something breaks.',
  license: 'Apache-2.0',
  type: 'module',
  engines: { node: '>=18' },
  bin: { watchkeeper: 'bin/watchkeeper.mjs', wk: 'bin/watchkeeper.mjs' },
  dependencies: sorted(all.flatMap(({ dependencies = {} }) => Object.entries(dependencies))),
  optionalDependencies: sorted(
    [root, ...all].flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies)),
  ),
};
writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
copyFileSync(join(repositoryRoot, 'apps/cli/bin/watchkeeper.mjs'), join(out, 'bin/watchkeeper.mjs'));
for (const name of ['LICENSE', 'README.md']) copyFileSync(join(repositoryRoot, name), join(out, name));
cpSync(join(repositoryRoot, 'apps/web/dist'), join(out, 'web'), { recursive: true });
copyFileSync(join(repositoryRoot, 'apps/web/LICENCES.txt'), join(out, 'web/LICENCES.txt'));

for (const file of await packLibraries(join(repositoryRoot, 'dist'))) process.stdout.write(`dist/${file}\n`);
const packed = spawnSync('npm', ['pack', '--silent', '--pack-destination', join(repositoryRoot, 'dist')], {
  cwd: out,
  encoding: 'utf8',
});
if (packed.status !== 0) throw new Error(`npm pack failed: ${packed.stderr}`);
process.stdout.write(`dist/${packed.stdout.trim()}\n`);
