import type { Monitor, MonitorInput, MonitorTypeView, Zone } from '@watchkeeper/model';
import { type FieldSchema, initialOf } from './schema-form.ts';

/** The schema of a type's options as the form reads it. */
export const optionsOf = (type: { readonly options: Record<string, unknown> } | undefined): FieldSchema =>
  (type?.options ?? {}) as FieldSchema;

/** What can be changed of a monitor. */
export function inputOf(present: Monitor): MonitorInput {
  const { id: _id, tenant: _tenant, version: _version, createdAt: _created, updatedAt: _updated, ...input } = present;
  return input;
}

/** What a new monitor begins with. */
export function newInput(types: readonly MonitorTypeView[], zones: readonly Zone[]): MonitorInput {
  const type = types.find(({ name }) => name === 'http') ?? types[0];
  const watched = zones.filter((zone) => zone.watched).map(({ name }) => name);
  return {
    name: '',
    service: '',
    environment: '',
    type: type?.name ?? '',
    options: initialOf(optionsOf(type)),
    zones: watched.includes('local') ? ['local'] : watched.slice(0, 1),
    interval: '30s',
    timeout: '5s',
    retries: 0,
    assertions: [],
    labels: {},
    paused: false,
  };
}

/** Every place of the body that has a field in the form. */
export const shownPointers = [
  '/name',
  '/service',
  '/environment',
  '/zones',
  '/type',
  '/options',
  '/interval',
  '/timeout',
  '/retries',
  '/assertions',
  '/labels',
  '/paused',
];
