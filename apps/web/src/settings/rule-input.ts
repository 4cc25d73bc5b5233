import type { AlertRule, AlertRuleInput } from '@watchkeeper/model';
import type { FieldSchema } from '../form/schema-form.ts';

/** Which events, and what of them. */
export const measured: FieldSchema = {
  type: 'object',
  required: ['events', 'aggregate'],
  properties: {
    events: { type: 'string', title: 'Name of the events', description: 'As the catalogue has it: order.placed' },
    aggregate: {
      type: 'string',
      title: 'What of them',
      description: 'count, rate, absent, or avg(x), min(x), max(x), sum(x), p95(x) of a value',
    },
    window: { type: 'string', title: 'Over', description: 'Time that is looked back, 1s to 1d', default: '5m' },
  },
};

/** When it begins. */
export const limits: FieldSchema = {
  type: 'object',
  properties: {
    above: { type: 'number', title: 'Alert above' },
    below: { type: 'number', title: 'or below' },
  },
};

/** What few rules need; folded away. */
export const finer: FieldSchema = {
  type: 'object',
  properties: {
    groupBy: {
      type: 'array',
      items: { type: 'string' },
      title: 'An alert for each',
      description: 'Dimensions or attributes, one a line; at most 3',
      default: [],
    },
    for: { type: 'string', title: 'Only when it lasts for', description: '0s to 1d', default: '0s' },
    endsAt: { type: 'number', title: 'Ends when it is back at', description: 'The limit itself when left out' },
    endsAfter: { type: 'string', title: 'and has been so for', description: '0s to 1d', default: '0s' },
    delay: { type: 'string', title: 'Time for events to arrive', description: '0s to 10m', default: '2s' },
    state: { type: 'string', title: 'How bad it is', enum: ['failed', 'degraded'], default: 'failed' },
    text: { type: 'string', title: 'What people should know or do', maxLength: 500 },
    channels: {
      type: 'array',
      items: { type: 'string' },
      title: 'Only these channels',
      description: 'One a line; empty means all that want such a state',
      default: [],
    },
  },
};

export const whereField: FieldSchema = {
  type: 'object',
  patternProperties: { '.*': { type: 'string' } },
  description: 'Dimension or attribute: accepted values, separated by commas',
};

/** A rule as it is sent when nothing is changed. */
export function inputOfRule({
  tenant: _tenant,
  version: _version,
  status: _status,
  ...input
}: AlertRule): AlertRuleInput {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)) as AlertRuleInput;
}
