import { durationText, type MonitorInput } from '@watchkeeper/model';
import {
  contentHash,
  ensurePlaces,
  insertMonitor,
  listMonitorDetails,
  lockMonitor,
  type MonitorDefinition,
  updateMonitor,
} from '@watchkeeper/store';
import { inputOfMonitor, readMonitorInput } from '../monitor-definition.ts';
import { readMonitorZones } from '../monitor-zones.ts';
import { validationError } from '../problems.ts';
import { defineObjectKind } from './object-kind.ts';

export const monitorKind = defineObjectKind<MonitorInput>({
  kind: 'Monitor',
  topic: 'monitors',
  async problems(tx, tenantId, input, { monitorTypes }) {
    const read = await readMonitorInput(input, { monitorTypes, ...(await readMonitorZones(tx, tenantId)) });
    return read.ok ? [] : read.problems;
  },
  async put(tx, tenantId, input, { monitorTypes }) {
    const before = await lockMonitor(tx, tenantId, { name: input.name });
    const { zones, unnamed } = await readMonitorZones(tx, tenantId);
    // Who watches from where may have changed since: a monitor that names no zone keeps the one that it has.
    const read = await readMonitorInput(input, { monitorTypes, zones, unnamed: before?.zones ?? unnamed });
    if (!read.ok) throw validationError(read.problems, `Monitor "${input.name}"`);
    const { definition } = read;
    const made = await ensurePlaces(tx, tenantId, definition);
    if (before === undefined) {
      const row = await insertMonitor(tx, tenantId, definition, true);
      return { before: undefined, after: inputOfMonitor(row), id: row.id, made };
    }
    const isSame = before.applied && contentHash(inputOfMonitor(before)) === contentHash(inputOfDefinition(definition));
    const after = isSame ? before : await updateMonitor(tx, before.id, definition, { applied: true });
    return { before: inputOfMonitor(before), after: inputOfMonitor(after), id: after.id, made };
  },
  list: async (tx, tenantId) => (await listMonitorDetails(tx, tenantId)).map(inputOfMonitor),
});

function inputOfDefinition({ target: _, intervalMs, timeoutMs, ...definition }: MonitorDefinition) {
  return { ...definition, interval: durationText(intervalMs), timeout: durationText(timeoutMs) };
}
