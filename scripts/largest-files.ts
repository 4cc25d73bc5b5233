/** Prints the ten largest source files: a number that nobody sees does not work. */
import { sourceFiles } from './source-files.ts';

const lines = sourceFiles().map(({ path, text }) => ({ path, count: text.split('\n').length }));
lines.sort((a, b) => b.count - a.count);
const total = lines.reduce((sum, { count }) => sum + count, 0);
process.stdout.write(`largest-files: ${lines.length} files, ${total} lines\n`);
for (const { path, count } of lines.slice(0, 10)) process.stdout.write(`${String(count).padStart(6)}  ${path}\n`);
