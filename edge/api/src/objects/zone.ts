import type { ZoneInput } from '@watchkeeper/model';
import { listZones, putZone, type ZoneRow } from '@watchkeeper/store';
import { defineObjectKind } from './object-kind.ts';

const formOf = ({ name, title, code }: ZoneRow) => ({ name, title, code });

export const zoneKind = defineObjectKind<ZoneInput>({
  kind: 'Zone',
  topic: 'services',
  problems: async () => [],
  async put(tx, tenantId, input) {
    const { before, after } = await putZone(tx, tenantId, input);
    return { before: before && formOf(before), after: formOf(after) };
  },
  list: async (tx, tenantId) => (await listZones(tx, tenantId)).map(formOf),
});
