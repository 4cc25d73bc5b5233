import { ProblemError } from '@watchkeeper/client';
import type { ApplyResult } from '@watchkeeper/model';
import { Command } from 'commander';
import { stringify } from 'yaml';
import { connect } from '../connection.ts';
import { paint, print, printJson } from '../output.ts';
import { type FoundObject, readObjects } from '../read-objects.ts';

interface ApplyFlags {
  readonly file: readonly string[];
  readonly dryRun?: boolean;
  readonly prune?: boolean;
}

const withFiles = (command: Command) =>
  command
    .requiredOption('-f, --file <path...>', 'files or folders with YAML or JSON; - for standard input')
    .option('--prune', 'delete monitors that an earlier apply made and that are no longer there');

export const applyCommand = () =>
  withFiles(new Command('apply'))
    .description('Make objects as files describe them, all or nothing.')
    .option('--dry-run', 'show what would change and change nothing')
    .action(async (flags: ApplyFlags, command: Command) => {
      await applyFiles(flags, command, flags.dryRun === true);
    });

export const diffCommand = () =>
  withFiles(new Command('diff'))
    .description('Show what apply would change; exit code 1 when something would.')
    .action(async (flags: ApplyFlags, command: Command) => {
      const result = await applyFiles(flags, command, true);
      if (result.changes.some(({ action }) => action !== 'unchanged')) process.exitCode = 1;
    });

async function applyFiles(flags: ApplyFlags, command: Command, dryRun: boolean): Promise<ApplyResult> {
  const { client, isJson } = connect(command);
  const found = readObjects(flags.file);
  const objects = found.map(({ object }) => object);
  const result = await client
    .call('apply', { body: { objects, dryRun, prune: flags.prune === true } })
    .catch((error: unknown) => {
      throw withPlaces(error, found);
    });
  if (isJson) printJson(result);
  else show(result);
  return result;
}

/** Says of each problem in which file its object stands. */
function withPlaces(error: unknown, found: readonly FoundObject[]): unknown {
  if (!(error instanceof ProblemError) || error.problem.errors === undefined) return error;
  const errors = error.problem.errors.map(({ pointer, message }) => {
    const [, index, rest = ''] = /^\/objects\/(\d+)(.*)$/.exec(pointer) ?? [];
    const place = index === undefined ? undefined : found[Number(index)]?.place;
    return { pointer: place === undefined ? pointer : `${place} ${rest}`.trimEnd(), message };
  });
  const detail = `${errors.length === 1 ? 'A mistake was' : `${errors.length} mistakes were`} found; nothing was changed.`;
  return new ProblemError({ ...error.problem, detail, errors });
}

const signs = {
  create: ['green', '+'],
  update: ['yellow', '~'],
  delete: ['red', '-'],
  unchanged: ['dim', '='],
} as const;

function show({ changes, dryRun, created, updated, deleted, unchanged }: ApplyResult): void {
  for (const { kind, name, action, fields } of changes) {
    if (action === 'unchanged') continue;
    const [style, sign] = signs[action];
    print(paint(style, `${sign} ${kind} ${name}`));
    if (action !== 'update') continue;
    for (const { field, before, after } of fields) {
      print(`    ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);
    }
  }
  const counts = `${created} made, ${updated} changed, ${deleted} deleted, ${unchanged} unchanged`;
  print(dryRun ? `Would be: ${counts}. Nothing was changed.` : `${counts}.`);
}

export const exportCommand = () =>
  new Command('export')
    .description('Print all objects in the form that apply takes.')
    .option('--kind <kind>', 'only Environment, Zone, Service, Rollup, AlertChannel or Monitor')
    .action(async ({ kind }: { kind?: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const { objects } = await client.call('exportObjects', { query: kind === undefined ? {} : { kind } });
      if (isJson) return printJson(objects);
      print(objects.map((object) => stringify(object).trimEnd()).join('\n---\n'));
    });
