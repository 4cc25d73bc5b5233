import type { Topic } from '@watchkeeper/messages';
import type { FieldProblem, ResourceKind } from '@watchkeeper/model';
import type { ToldObject, Tx } from '@watchkeeper/store';
import type { ApiDependencies } from '../handler.ts';

/** An object in the form that people write, everything filled in. */
export type ObjectForm = Readonly<Record<string, unknown>>;

export interface PutObject {
  readonly before: ObjectForm | undefined;
  readonly after: ObjectForm;
  /** Of a monitor. */
  readonly id?: string;
  /** Objects that were made since this one names them. */
  readonly made?: readonly ToldObject[];
}

/** A kind of object that can be kept as code: how it is checked, written and listed. Names are unique within a tenant. */
export interface ObjectKind<Input extends { readonly name: string }> {
  readonly kind: ResourceKind;
  /** What readers are woken with after a change. */
  readonly topic: Topic;
  /** What the schema cannot say; called in the transaction of the write, after the kinds that it may refer to. */
  problems(
    tx: Tx,
    tenantId: number,
    input: Input,
    dependencies: ApiDependencies,
    /** Names of the objects of this kind that are written in the same transaction, before or after this one. */
    together?: ReadonlySet<string>,
  ): Promise<readonly FieldProblem[]>;
  /** Creates or changes the object of that name. Called only when there are no problems. */
  put(tx: Tx, tenantId: number, input: Input, dependencies: ApiDependencies): Promise<PutObject>;
  list(tx: Tx, tenantId: number): Promise<ObjectForm[]>;
}

export function defineObjectKind<Input extends { readonly name: string }>(kind: ObjectKind<Input>): ObjectKind<Input> {
  return kind;
}
