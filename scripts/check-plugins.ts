/**
 * Plug-ins look alike: each file of a plug-in folder is registered in its index.ts, alphabetically, is called like the
 * plug-in it exports, and has a test beside it. Prints what breaks a rule; exit code 1.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './source-files.ts';

/** Folders with one plug-in a file, and what tests them: a file beside each, or a contract that runs for all of them. */
const folders = [
  { folder: 'flow/sources/src/listeners', summary: 'listener' },
  { folder: 'flow/sources/src/monitors', summary: 'monitor type' },
  { folder: 'flow/log/src/drivers', summary: 'log driver' },
  { folder: 'foundation/messages/src/drivers', summary: 'message driver' },
  { folder: 'flow/sinks/src/kinds', summary: 'sink type' },
  { folder: 'loop/health/src/channels', summary: 'alert channel type' },
];

const problems: string[] = [];
let count = 0;
for (const { folder, summary } of folders) {
  const place = join(repositoryRoot, folder);
  const names = readdirSync(place)
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && !file.includes('.test.'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((name) => !name.endsWith('.int') && !name.endsWith('.services'));
  const index = readFileSync(join(place, 'index.ts'), 'utf8');
  // Loaded when it is used, or at once where the settings are made of its options.
  const registered = [
    ...index.matchAll(/^\s*'?([a-z0-9-]+)'?: \(\) => import\('\.\/([a-z0-9-]+)\.ts'\),$/gm),
    ...index.matchAll(/^export \{ default as '?([a-z0-9-]+)'? \} from '\.\/([a-z0-9-]+)\.ts';$/gm),
  ].map(([, key = '', file = '']) => ({ key, file }));
  const keys = registered.map(({ key }) => key);
  if (keys.join() !== [...keys].sort().join())
    problems.push(`${folder}/index.ts: the registrations are not in alphabetical order`);
  for (const { key, file } of registered) {
    if (key !== file) problems.push(`${folder}/index.ts: "${key}" is registered with ${file}.ts`);
    if (!names.includes(file)) problems.push(`${folder}/index.ts: ${file}.ts is not there`);
  }
  for (const name of names) {
    count += 1;
    if (!keys.includes(name)) problems.push(`${folder}/${name}.ts: the ${summary} is not registered in index.ts`);
    const { default: plugin } = (await import(join(place, `${name}.ts`))) as {
      default?: { name?: string; summary?: string; options?: unknown };
    };
    if (plugin?.name !== name) problems.push(`${folder}/${name}.ts: exports a ${summary} named "${plugin?.name}"`);
    if (!plugin?.summary || plugin.options === undefined)
      problems.push(`${folder}/${name}.ts: needs summary and options`);
    const isTested = ['test.ts', 'int.test.ts', 'services.test.ts'].some((ending) =>
      existsSync(join(place, `${name}.${ending}`)),
    );
    if (!isTested) problems.push(`${folder}/${name}.ts: has no test beside it`);
  }
}
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`check-plugins: ${count} plug-ins, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
