/** Everything that can be checked without running the product: format, types, imports, plug-ins, generated pages. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './source-files.ts';

const bin = (name: string) => join(repositoryRoot, 'node_modules', '.bin', name);
const script = (name: string, ...args: string[]) => [process.execPath, join(repositoryRoot, 'scripts', name), ...args];

const steps: readonly (readonly [title: string, command: readonly string[]])[] = [
  ['format and lint', [bin('biome'), 'check', '--error-on-warnings', '.']],
  ['types', [bin('tsc'), '-p', 'tsconfig.json', '--noEmit']],
  ['types of the web app', [bin('tsc'), '-p', 'apps/web/tsconfig.json', '--noEmit']],
  ['imports', script('check-imports.ts')],
  ['plug-ins', script('check-plugins.ts')],
  ['generated pages', script('generate-docs.ts', '--check')],
  ['exported dashboards', script('export-dashboards.ts', '--check')],
  ['largest files', script('largest-files.ts')],
];

let failed = 0;
for (const [title, [command = '', ...args]] of steps) {
  const startedMs = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: repositoryRoot, encoding: 'utf8' });
  const isGood = status === 0;
  if (!isGood) failed += 1;
  process.stdout.write(`${isGood ? '✓' : '×'} ${title} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)\n`);
  if (!isGood || title === 'largest files') process.stdout.write(`${stdout}${stderr}\n`);
}
process.stdout.write(failed === 0 ? 'check: everything is in order\n' : `check: ${failed} of ${steps.length} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
