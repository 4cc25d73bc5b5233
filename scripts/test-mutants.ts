/**
 * A mutant is a patch to production code that a named test must catch. Each is applied alone to a copy of the
 * repository, its test is run, and the test must fail. Header lines of a patch: `# test: <file> -t "<title>"`, `# why: …`.
 * Tests of servers (`*.services.test.ts`) are run as `npm run test:services` runs them; their programs must be there.
 * `npm run test:mutants -- <part of a name>` tries some, `-- --project unit` or `services` those of one kind of test.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repositoryRoot } from './source-files.ts';

const { values: wanted, positionals } = parseArgs({ options: { project: { type: 'string' } }, allowPositionals: true });
const patches = globSync('{foundation,flow,loop,edge,apps}/*/test/mutants/*.patch', { cwd: repositoryRoot })
  .filter((patch) => positionals.every((part) => patch.includes(part)))
  .filter((patch) => wanted.project === undefined || wanted.project === projectOf(patch))
  .sort();
const workspace = mkdtempSync(join(tmpdir(), 'wk-mutants-'));
let survived = 0;
/** Tests that pass without a mutant, so that each is run once for all its mutants. */
const sound = new Map<string, boolean>();
try {
  for (const name of [
    'foundation',
    'flow',
    'loop',
    'edge',
    'apps',
    'scripts',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
  ]) {
    cpSync(join(repositoryRoot, name), join(workspace, name), {
      recursive: true,
      filter: (source) => !/\/(node_modules|dist)(\/|$)/.test(source.slice(repositoryRoot.length)),
    });
  }
  linkModules();
  for (const patch of patches) {
    const text = readFileSync(join(repositoryRoot, patch), 'utf8');
    const [, file = '', title = ''] = /^# test: (\S+) -t "(.+)"$/m.exec(text) ?? [];
    const why = /^# why: (.+)$/m.exec(text)?.[1] ?? '';
    if (file === '' || why === '') throw new Error(`${patch} has no "# test:" or no "# why:" line`);
    const verdict = tryMutant(join(repositoryRoot, patch), file, title);
    if (verdict !== 'caught') survived += 1;
    process.stdout.write(`${verdict === 'caught' ? '✓ caught' : `× ${verdict}`}  ${patch}\n    ${why}\n`);
  }
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
process.stdout.write(`test-mutants: ${patches.length - survived} of ${patches.length} caught\n`);
process.exitCode = survived === 0 && patches.length > 0 ? 0 : 1;

/** The kind of test that must catch a mutant. */
function projectOf(patch: string): 'services' | 'unit' {
  return /^# test: \S+\.services\.test\.ts /m.test(readFileSync(join(repositoryRoot, patch), 'utf8'))
    ? 'services'
    : 'unit';
}

function tryMutant(patch: string, file: string, title: string): string {
  // The test must pass without the mutant, or its failure would say nothing.
  const key = `${file} ${title}`;
  if (!sound.has(key)) sound.set(key, passes(file, title));
  if (sound.get(key) !== true) return 'the test fails without the mutant too';
  const apply = (...args: string[]) =>
    spawnSync('patch', ['-p1', '-s', ...args, '-i', patch], { cwd: workspace, encoding: 'utf8' });
  const applied = apply();
  if (applied.status !== 0) return `does not apply: ${applied.stdout}${applied.stderr}`;
  try {
    return passes(file, title) ? 'survived' : 'caught';
  } finally {
    apply('-R');
  }
}

function passes(file: string, title: string): boolean {
  const reportFile = join(workspace, 'report.json');
  rmSync(reportFile, { force: true });
  const vitest = join(repositoryRoot, 'node_modules/vitest/vitest.mjs');
  const project = file.endsWith('.services.test.ts') ? 'services' : 'unit';
  const args = [
    vitest,
    'run',
    '--project',
    project,
    file,
    '-t',
    title,
    '--reporter=json',
    `--outputFile=${reportFile}`,
  ];
  const { stderr } = spawnSync(process.execPath, args, {
    cwd: workspace,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (!existsSync(reportFile)) throw new Error(`${file} could not be run:\n${stderr}`);
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  if (report.numPassedTests + report.numFailedTests > 0) return report.numFailedTests === 0;
  // What comes before the test has failed, such as the start of a server.
  if (report.testResults.some(({ status }) => status === 'failed')) return false;
  throw new Error(`${file} has no test "${title}"`);
}

/** The part of Vitest's JSON report that counts. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string }[];
}

/** Modules of others are those of the repository; our own packages are those of the copy. */
function linkModules(): void {
  const list = spawnSync(
    'sh',
    [
      '-c',
      'mkdir -p node_modules && cd node_modules && for m in "$0"/node_modules/* "$0"/node_modules/.bin "$0"/node_modules/.cache; do case "$m" in */@watchkeeper|*/watchkeeper) ;; *) ln -s "$m" .; esac; done',
      repositoryRoot.replace(/\/$/, ''),
    ],
    { cwd: workspace },
  );
  if (list.status !== 0) throw new Error('the modules could not be linked');
  spawnSync('mkdir', ['-p', join(workspace, 'node_modules/@watchkeeper')]);
  for (const file of globSync('{foundation,flow,loop,edge,apps}/*/package.json', { cwd: workspace })) {
    const { name } = JSON.parse(readFileSync(join(workspace, file), 'utf8')) as { name: string };
    symlinkSync(join(workspace, file, '..'), join(workspace, 'node_modules', name));
  }
}
