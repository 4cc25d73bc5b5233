/**
 * Makes the libraries that applications install: plain JavaScript as ES modules and CommonJS, types, and what of our
 * own packages they need inside. `node scripts/pack-libraries.ts <folder>` writes <folder>/watchkeeper-<name>-<version>.tgz.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { build } from 'vite';
import { importsOf, repositoryRoot } from './source-files.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

/** Packages that are published. Others of ours become part of them. */
const published = ['edge/emit', 'edge/middleware'];
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8')) as Manifest;
const publishedNames: ReadonlySet<string> = new Set(published.map((folder) => manifestOf(folder).name));
const isInside = (name: string) => name.startsWith('@watchkeeper/') && !publishedNames.has(name);

/** Packs every library into a folder; returns the names of the files there. */
export async function packLibraries(into: string): Promise<string[]> {
  const work = join(into, 'libraries');
  rmSync(work, { recursive: true, force: true });
  const types = join(work, 'types');
  writeTypes(types);
  const files: string[] = [];
  for (const folder of published) {
    const out = join(work, basename(folder));
    await buildLibrary(folder, out, types);
    files.push(pack(out, into));
  }
  rmSync(work, { recursive: true });
  return files;
}

async function buildLibrary(folder: string, out: string, types: string): Promise<void> {
  const manifest = manifestOf(folder);
  const sources = Object.values(manifest.exports).map((file) => join(folder, file));
  const output = (format: 'es' | 'cjs', extension: string) => ({
    format,
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name]-[hash].${extension}`,
  });
  await build({
    root: repositoryRoot,
    logLevel: 'warn',
    configFile: false,
    publicDir: false,
    build: {
      ssr: true,
      outDir: join(out, 'dist'),
      emptyOutDir: true,
      target: 'node20',
      rolldownOptions: {
        input: Object.fromEntries(sources.map((file) => [basename(file, '.ts'), join(repositoryRoot, file)])),
        output: [output('es', 'js'), output('cjs', 'cjs')],
        // Importing a module of ours does nothing, so what is not used stays out: schemas, the log.
        treeshake: { moduleSideEffects: false },
      },
    },
    ssr: { noExternal: [/^@watchkeeper\/(?!emit$|middleware$)/], external: [...publishedNames] },
  });
  for (const file of sources) copyTypes(join(types, file.replace(/\.ts$/, '.d.ts')), join(out, 'dist'));
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
  copyFileSync(join(repositoryRoot, 'LICENSE'), join(out, 'LICENSE'));
  copyFileSync(join(repositoryRoot, folder, 'README.md'), join(out, 'README.md'));
}

function publishedManifest(manifest: Manifest): object {
  const { name, version, description, exports, dependencies = {}, peerDependencies, peerDependenciesMeta } = manifest;
  const entryOf = (source: string) => {
    const file = `./dist/${basename(source, '.ts')}`;
    return {
      import: { types: `${file}.d.ts`, default: `${file}.js` },
      require: { types: `${file}.d.cts`, default: `${file}.cjs` },
    };
  };
  return {
    ...{ name, version, description, license: 'Apache-2.0', type: 'module', sideEffects: false },
    // crc32 of node:zlib.
    engines: { node: '>=20.15' },
    files: ['dist'],
    exports: {
      ...Object.fromEntries(Object.entries(exports).map(([path, source]) => [path, entryOf(source)])),
      './package.json': './package.json',
    },
    dependencies: Object.fromEntries(Object.entries(dependencies).filter(([other]) => !isInside(other))),
    ...(peerDependencies === undefined ? {} : { peerDependencies, peerDependenciesMeta }),
  };
}

function writeTypes(out: string): void {
  mkdirSync(out, { recursive: true });
  const project = join(out, 'tsconfig.json');
  const compilerOptions = { noEmit: false, declaration: true, emitDeclarationOnly: true };
  writeFileSync(
    project,
    JSON.stringify({
      extends: join(repositoryRoot, 'tsconfig.json'),
      compilerOptions: { ...compilerOptions, rootDir: repositoryRoot, outDir: out, typeRoots: typeRoots() },
      include: published.map((folder) => join(repositoryRoot, folder, 'src/*.ts')),
    }),
  );
  const tsc = join(repositoryRoot, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, ['-p', project], { encoding: 'utf8', cwd: repositoryRoot });
  if (status !== 0) throw new Error(`The types of the libraries cannot be made:\n${stdout}`);
}

const typeRoots = () => [join(repositoryRoot, 'node_modules/@types')];

/** Copies a declaration and what it refers to, for both kinds of module. */
function copyTypes(file: string, out: string): void {
  const text = readFileSync(file, 'utf8');
  for (const { specifier } of importsOf(text)) {
    if (isInside(specifier))
      throw new Error(
        `${relative(dirname(out), file)} shows ${specifier}, which is not published: give it a type of its own`,
      );
    if (specifier.startsWith('.')) copyTypes(resolve(dirname(file), specifier.replace(/\.ts$/, '.d.ts')), out);
  }
  const withEnding = (ending: string) => text.replace(/(from '\.\/[^']+)\.ts'/g, `$1.${ending}'`);
  const name = basename(file, '.d.ts');
  writeFileSync(join(out, `${name}.d.ts`), withEnding('js'));
  writeFileSync(join(out, `${name}.d.cts`), withEnding('cjs'));
}

function pack(folder: string, into: string): string {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--silent', '--pack-destination', into], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm pack failed: ${stderr}`);
  return stdout.trim();
}

if (import.meta.main) {
  const into = resolve(process.argv[2] ?? join(repositoryRoot, 'dist'));
  mkdirSync(into, { recursive: true });
  for (const file of await packLibraries(into)) process.stdout.write(`${join(into, file)}\n`);
}
