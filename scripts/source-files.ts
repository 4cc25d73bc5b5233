import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

const groups = ['foundation', 'flow', 'loop', 'edge', 'apps', 'scripts', 'bench', 'e2e', 'deploy'];

/** All TypeScript of the repository. */
export function sourceFiles(): SourceFile[] {
  return groups.flatMap((group) => {
    const folder = join(repositoryRoot, group);
    return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => !/\/(node_modules|dist)\//.test(file))
      .map((file) => ({
        path: relative(repositoryRoot, file).replaceAll('\\', '/'),
        text: readFileSync(file, 'utf8'),
      }));
  });
}

export interface Import {
  readonly specifier: string;
  /** An import() whose module is loaded only when the line is reached. */
  readonly isLazy: boolean;
}

/** What a file imports and re-exports, types too. */
export function importsOf(text: string): Import[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const named = withoutComments.matchAll(/^\s*(?:import|export)\s[^;'"`]*?\bfrom\s*['"]([^'"]+)['"]/gm);
  const bare = withoutComments.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm);
  const fixed = [...named, ...bare];
  const lazy = [...withoutComments.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)];
  return [
    ...fixed.map(([, specifier = '']) => ({ specifier, isLazy: false })),
    ...lazy.map(([, specifier = '']) => ({ specifier, isLazy: true })),
  ];
}
