import { isDeepStrictEqual } from 'node:util';
import {
  type ApplyChange,
  type ApplyInput,
  type FieldProblem,
  isWatchkeeperError,
  nearestName,
  type ResourceKind,
  resourceKinds,
  type ToldKind,
} from '@watchkeeper/model';
import { deleteMonitors, listMonitorDetails, monitorIds, recordChange, type Tx } from '@watchkeeper/store';
import { changed } from './change.ts';
import type { ApiDependencies, Call } from './handler.ts';
import { inputOfMonitor } from './monitor-definition.ts';
import { objectKinds, validatorOf } from './objects/index.ts';
import type { ObjectForm, PutObject } from './objects/object-kind.ts';
import { validationError } from './problems.ts';

interface Described {
  readonly kind: ResourceKind;
  readonly input: { readonly name: string };
  /** Place in the body, for problems: `/objects/3`. */
  readonly pointer: string;
}

/**
 * Makes the objects of a tenant what a body says, in one transaction: whatever is wrong with any of them, nothing is
 * changed. Returns what was done to each, in the order of the kinds.
 * @throws WatchkeeperError `validation_failed` with all problems
 */
export async function applyObjects(tx: Tx, call: Call<'apply'>, dependencies: ApiDependencies): Promise<ApplyChange[]> {
  const { objects, prune = false } = call.body;
  const described = describe(objects);
  const problems: FieldProblem[] = [];
  const changes: ApplyChange[] = [];
  const { tenantId } = call.caller;
  for (const objectKind of objectKinds) {
    const ofKind = described.filter(({ kind }) => kind === objectKind.kind);
    const together = new Set(ofKind.map(({ input }) => input.name));
    for (const { input, pointer } of ofKind) {
      try {
        const found = await objectKind.problems(tx, tenantId, input, dependencies, together);
        problems.push(...found.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })));
        if (problems.length > 0) continue;
        const put = await objectKind.put(tx, tenantId, input, dependencies);
        changes.push(changeOf(objectKind.kind, input.name, put));
        await record(tx, call, objectKind.kind, input.name, put);
      } catch (error) {
        if (!isWatchkeeperError(error) || (error.code !== 'conflict' && error.code !== 'name_taken')) throw error;
        problems.push({ pointer, message: error.message });
      }
    }
  }
  if (problems.length > 0) throw validationError(problems, 'What was to be applied');
  if (prune) changes.push(...(await pruneMonitors(tx, call, described)));
  return changes;
}

/** Finds kind and form of every object. @throws WatchkeeperError `validation_failed` */
function describe(objects: ApplyInput['objects']): Described[] {
  const problems: FieldProblem[] = [];
  const described: Described[] = [];
  const places = new Map<string, string>();
  for (const [index, given] of objects.entries()) {
    const pointer = `/objects/${index}`;
    const { kind = 'Monitor', ...input } = given;
    if (!isKind(kind)) {
      problems.push({ pointer: `${pointer}/kind`, message: unknownKind(kind) });
      continue;
    }
    const found = validatorOf(kind).problems(input);
    problems.push(...found.map((problem) => ({ ...problem, pointer: pointer + problem.pointer })));
    if (found.length > 0) continue;
    const name = String(input.name);
    const first = places.get(`${kind} ${name}`);
    if (first !== undefined)
      problems.push({ pointer: `${pointer}/name`, message: `${first} has the same kind and name` });
    places.set(`${kind} ${name}`, pointer);
    described.push({ kind, input: { ...input, name }, pointer });
  }
  if (problems.length > 0) throw validationError(problems, 'What was to be applied');
  return described;
}

function isKind(kind: unknown): kind is ResourceKind {
  return typeof kind === 'string' && Object.hasOwn(resourceKinds, kind);
}

function unknownKind(kind: unknown): string {
  const known = Object.keys(resourceKinds);
  const nearest = nearestName(String(kind), known);
  return `there is no kind "${String(kind)}"; ${nearest === undefined ? `there are ${known.join(', ')}` : `did you mean ${nearest}?`}`;
}

function changeOf(kind: ResourceKind, name: string, { before, after }: PutObject): ApplyChange {
  const fields = fieldsOf(before, after);
  const action = before === undefined ? 'create' : fields.length === 0 ? 'unchanged' : 'update';
  return { kind, name, action, fields };
}

function fieldsOf(before: ObjectForm | undefined, after: ObjectForm): ApplyChange['fields'] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
  return [...names].flatMap((field) => {
    const pair = { before: before?.[field] ?? null, after: after[field] ?? null };
    return isDeepStrictEqual(pair.before, pair.after) ? [] : [{ field, ...pair }];
  });
}

async function record(
  tx: Tx,
  call: Call<'apply'>,
  kind: ResourceKind,
  name: string,
  { before, after, id, made = [] }: PutObject,
): Promise<void> {
  for (const object of made) await recordChange(tx, changed(call, { action: `${object.kind}.created`, object }));
  if (before !== undefined && fieldsOf(before, after).length === 0) return;
  const toldKind = kind.replace(/(?!^)([A-Z])/g, '_$1').toLowerCase() as ToldKind;
  const action = `${toldKind}.${before === undefined ? 'created' : 'changed'}`;
  const object = { kind: toldKind, name, ...(id === undefined ? {} : { id }) };
  await recordChange(tx, changed(call, { action, object, before, after }));
}

async function pruneMonitors(tx: Tx, call: Call<'apply'>, described: readonly Described[]): Promise<ApplyChange[]> {
  const wanted = new Set(described.filter(({ kind }) => kind === 'Monitor').map(({ input }) => input.name));
  const applied = await listMonitorDetails(tx, call.caller.tenantId, { appliedOnly: true });
  const gone = applied.filter(({ name }) => !wanted.has(name));
  await deleteMonitors(tx, monitorIds(gone.map(({ id }) => id)));
  for (const row of gone) {
    const object = { kind: 'monitor', name: row.name, id: row.id } as const;
    await recordChange(tx, changed(call, { action: 'monitor.deleted', object, before: inputOfMonitor(row) }));
  }
  return gone.map(({ name }) => ({ kind: 'Monitor', name, action: 'delete' as const, fields: [] }));
}
