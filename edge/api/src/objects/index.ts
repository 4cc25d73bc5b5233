import { type ResourceKind, resourceKinds } from '@watchkeeper/model';
import { compileSchema, type Validator } from '../schema.ts';
import { alertChannelKind } from './alert-channel.ts';
import { alertRuleKind } from './alert-rule.ts';
import { environmentKind } from './environment.ts';
import { monitorKind } from './monitor.ts';
import type { ObjectKind } from './object-kind.ts';
import { rollupKind } from './rollup.ts';
import { serviceKind } from './service.ts';
import { sinkKind } from './sink.ts';
import { zoneKind } from './zone.ts';

type AnyKind = ObjectKind<{ readonly name: string }>;

/** All kinds, those that others refer to first: the order in which they are written. */
export const objectKinds: readonly AnyKind[] = [
  environmentKind as unknown as AnyKind,
  zoneKind as unknown as AnyKind,
  serviceKind as unknown as AnyKind,
  rollupKind as unknown as AnyKind,
  alertChannelKind as unknown as AnyKind,
  alertRuleKind as unknown as AnyKind,
  sinkKind as unknown as AnyKind,
  monitorKind as unknown as AnyKind,
];

const validators = new Map<ResourceKind, Validator>();

/** The validator of a kind's form, compiled when first asked for. */
export function validatorOf(kind: ResourceKind): Validator {
  const known = validators.get(kind) ?? compileSchema(resourceKinds[kind]);
  validators.set(kind, known);
  return known;
}
