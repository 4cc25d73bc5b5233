/**
 * Imports point one way: foundation ← flow, loop ← edge ← apps. Packages inside flow and loop never import a
 * neighbour, and no file imports itself in a circle, types included. Prints what breaks a rule; exit code 1.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { importsOf, repositoryRoot, type SourceFile, sourceFiles } from './source-files.ts';

const order = ['foundation', 'flow', 'loop', 'edge', 'apps'];
/** What a package of foundation or edge may import of its own group. */
const withinGroup: Readonly<Record<string, readonly string[]>> = {
  'foundation/model': [],
  'foundation/kit': ['foundation/model'],
  'foundation/guard': ['foundation/model', 'foundation/kit'],
  'foundation/formats': ['foundation/model'],
  'foundation/store': ['foundation/model', 'foundation/kit'],
  'foundation/buffer': ['foundation/model', 'foundation/kit'],
  'foundation/messages': ['foundation/model', 'foundation/kit', 'foundation/store'],
  'edge/api': ['edge/middleware'],
  'edge/client': [],
  'edge/emit': [],
  'edge/middleware': ['edge/emit'],
};
/** Packages that see less than their group may. */
const onlySees: Readonly<Record<string, readonly string[]>> = {
  'edge/client': ['foundation/model'],
  'edge/emit': ['foundation/model', 'foundation/kit', 'foundation/buffer'],
  'edge/middleware': ['edge/emit'],
  'apps/web': ['edge/client', 'foundation/model'],
  'apps/cli': ['edge/client', 'foundation/model'],
};
/** The command line loads the server when it is started, and not before. */
const lazily: Readonly<Record<string, readonly string[]>> = { 'apps/cli': ['apps/server'] };

const packageOf = (path: string) => path.split('/').slice(0, 2).join('/');
const isTest = (path: string) => /(\.test\.tsx?$)|\/test\//.test(path);

const files = sourceFiles().filter(({ path }) => order.includes(path.split('/')[0] ?? ''));
const packagesByName = new Map(
  [...new Set(files.map(({ path }) => packageOf(path)))].map((folder) => {
    const { name } = JSON.parse(readFileSync(join(repositoryRoot, folder, 'package.json'), 'utf8')) as { name: string };
    return [name, folder];
  }),
);

const problems: string[] = [];
// What builds a package is not part of it.
for (const file of files.filter(({ path }) => path.includes('/src/') && !isTest(path))) checkFile(file);
for (const circle of circles(files)) problems.push(`circle: ${circle.join(' → ')}`);
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`check-imports: ${files.length} files, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkFile({ path, text }: SourceFile): void {
  const from = packageOf(path);
  const { dependencies, peerDependencies } = JSON.parse(
    readFileSync(join(repositoryRoot, from, 'package.json'), 'utf8'),
  ) as { dependencies?: object; peerDependencies?: object };
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  for (const { specifier, isLazy } of importsOf(text)) {
    if (specifier.startsWith('.')) {
      const target = packageOf(posix.join(posix.dirname(path), specifier));
      if (target !== from) problems.push(`${path}: reaches into ${target} by ${specifier}`);
      continue;
    }
    if (specifier.startsWith('node:')) {
      if (from === 'foundation/model' || from === 'apps/web')
        problems.push(`${path}: ${from} must run in a browser, ${specifier} does not`);
      continue;
    }
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (!declared.includes(name))
      problems.push(`${path}: ${name} is not among the dependencies of ${from}/package.json`);
    const to = packagesByName.get(name);
    if (to !== undefined && !mayImport(from, to, isLazy || isTypeOnly(text, specifier))) {
      problems.push(`${path}: ${from} may not import ${to}`);
    }
  }
}

function mayImport(from: string, to: string, isLazy: boolean): boolean {
  if (from === to) return true;
  if (lazily[from]?.includes(to)) return isLazy;
  const sees = onlySees[from];
  if (sees !== undefined) return sees.includes(to);
  const [fromGroup = '', toGroup = ''] = [from.split('/')[0], to.split('/')[0]];
  if (fromGroup === 'apps') return true;
  if (fromGroup === toGroup) return withinGroup[from]?.includes(to) ?? false;
  // Flow and loop stand side by side.
  const isBeside = (fromGroup === 'flow' && toGroup === 'loop') || (fromGroup === 'loop' && toGroup === 'flow');
  if (isBeside) return false;
  // The edge serves what foundation keeps; what flow and loop do arrives in its constructor.
  if (fromGroup === 'edge') return toGroup === 'foundation';
  return order.indexOf(toGroup) < order.indexOf(fromGroup);
}

function isTypeOnly(text: string, specifier: string): boolean {
  return text.includes(`import type`) && new RegExp(`import type [^;]*from ['"]${specifier}['"]`).test(text);
}

/** Circles in the graph of files, each once. */
function circles(all: readonly SourceFile[]): string[][] {
  const known = new Set(all.map(({ path }) => path));
  const targets = new Map(
    all.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter(({ isLazy }) => !isLazy)
        .flatMap(({ specifier }) => resolve(path, specifier, known)),
    ]),
  );
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of known) visit(path, []);
  return found;
}

function resolve(path: string, specifier: string, known: ReadonlySet<string>): string[] {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    return known.has(target) ? [target] : [];
  }
  const folder = packagesByName.get(specifier.split('/').slice(0, 2).join('/'));
  const entry = folder === undefined ? undefined : `${folder}/src/index.ts`;
  return entry !== undefined && known.has(entry) ? [entry] : [];
}
