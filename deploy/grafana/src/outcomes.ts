import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';

/** Outcomes as numbers, the worse the higher, so that the worst of a period is their maximum. */
export const severityOfOutcome = `case outcome when 'failed' then 2 when 'degraded' then 1 else 0 end`;

export const severityMappings: readonly ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      '0': { text: 'OK', color: 'green', index: 0 },
      '1': { text: 'Degraded', color: 'orange', index: 1 },
      '2': { text: 'Failed', color: 'red', index: 2 },
    },
  },
];

/** States as they are stored, with the words and colours that people see. */
export const stateMappings: readonly ValueMapping[] = [
  {
    type: MappingType.ValueToText,
    options: {
      ok: { text: 'OK', color: 'green', index: 0 },
      degraded: { text: 'Degraded', color: 'orange', index: 1 },
      failed: { text: 'Failed', color: 'red', index: 2 },
      unknown: { text: 'No data', color: 'purple', index: 3 },
      maintenance: { text: 'Maintenance', color: 'blue', index: 4 },
      paused: { text: 'Paused', color: 'gray', index: 5 },
    },
  },
];
