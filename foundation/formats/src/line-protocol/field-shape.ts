import { eventMessageLimits, type Outcome, type Series } from '@watchkeeper/model';
import { openStackEventName, operationOfCall, outcomeOfCall } from '../openstack.ts';
import type { LineHead } from './head.ts';

/** Whose a line is, and what each of its series gets besides its tags. */
export interface LineContext {
  readonly tenant: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of series whose tags do not say it; empty when left out. */
  readonly environment?: string;
  readonly zone?: string;
}

/** A field of a line. */
export interface ShapedField {
  readonly name: string;
  /** Whether it is a number; text and booleans are kept as detail. */
  readonly isNumber: boolean;
}

/** What lines with the same head and the same fields have in common. */
export interface FieldShape {
  readonly series: Series;
  readonly outcome: Outcome;
  readonly reason: string | undefined;
  /** Per field, in the order in which they were given: its place among the values, `inDetail` or `leftOut`. */
  readonly places: readonly number[];
}

export const inDetail = -1;
export const leftOut = -2;

/** What of a head becomes which field of a series; everything else is an attribute. */
const ownTags = ['environment', 'zone', 'host', 'guest', 'service'] as const;

/** The shape of a line, or what is wrong with it. */
export function shapeOf(head: LineHead, fields: readonly ShapedField[], context: LineContext): FieldShape | string {
  const [, service] = /^openstack_api\.(.+)$/.exec(head.measurement) ?? [];
  return service === undefined ? plainShape(head, fields, context) : callShape(service, head, fields, context);
}

function plainShape(head: LineHead, fields: readonly ShapedField[], context: LineContext): FieldShape | string {
  // Sorted, since many clients write the fields of one series in changing order.
  const valueNames = fields
    .filter(({ name, isNumber }) => isNumber && name !== 'time')
    .map(({ name }) => name)
    .sort();
  if (valueNames.length > eventMessageLimits.values) return `more than ${eventMessageLimits.values} fields`;
  if (fields.every(({ name }) => name === 'time')) return 'the only field is named time, which is left out';
  const series = seriesOf(head.measurement, head.tags, valueNames, context);
  if (typeof series === 'string') return series;
  const places = fields.map(({ name, isNumber }) =>
    name === 'time' ? leftOut : isNumber ? valueNames.indexOf(name) : inDetail,
  );
  return { series, outcome: 'ok', reason: undefined, places };
}

const callTags = ['method', 'name', 'status_code'];
/** What openstacksdk counts by; an event is one call anyway. */
const callCounter = /^(attempted|failed|status_code_val|(\w+\.)?\d{3})$/;

/** A call that openstacksdk reports: `openstack_api.compute,method=GET,name=servers_detail,… duration=12i,…`. */
function callShape(
  service: string,
  { tags }: LineHead,
  fields: readonly ShapedField[],
  context: LineContext,
): FieldShape | string {
  const [method = '', name = '', status = ''] = callTags.map((key) => tags.get(key));
  const call = { service, method, name, status };
  const rest = [...tags].filter(([key]) => !callTags.includes(key) && key !== 'service');
  const isKept = (field: ShapedField) => field.name !== 'time' && !callCounter.test(field.name);
  const others = fields.filter((field) => isKept(field) && field.isNumber && field.name !== 'duration');
  const valueNames = [...new Set(['durationMs', ...others.map((field) => field.name).sort()])];
  if (valueNames.length > eventMessageLimits.values) return `more than ${eventMessageLimits.values} fields`;
  const described = new Map([
    ...rest,
    ['service', service],
    ...Object.entries({ method, operation: operationOfCall(call), status }).filter(([, value]) => value !== ''),
  ]);
  const series = seriesOf(openStackEventName, described, valueNames, context);
  if (typeof series === 'string') return series;
  const { outcome, reason } = outcomeOfCall(call);
  const places = fields.map((field) => {
    if (!isKept(field)) return leftOut;
    if (!field.isNumber) return inDetail;
    return field.name === 'duration' ? 0 : valueNames.indexOf(field.name);
  });
  return { series, outcome, reason, places };
}

/** The series that a name and its tags stand for, or what is wrong with them. */
export function seriesOf(
  name: string,
  tags: ReadonlyMap<string, string>,
  valueNames: readonly string[],
  { tenant, attributes, environment = '', zone = '' }: LineContext,
): Series | string {
  const own = (key: (typeof ownTags)[number]) => tags.get(key) ?? '';
  const long = ownTags.find((key) => own(key).length > eventMessageLimits.text);
  if (long !== undefined) return `the tag ${long} has more than ${eventMessageLimits.text} characters`;
  const rest = [...tags].filter(([key]) => !(ownTags as readonly string[]).includes(key));
  return {
    tenant,
    environment: own('environment') || environment,
    zone: own('zone') || zone,
    host: own('host'),
    guest: own('guest'),
    service: own('service'),
    name,
    source: '',
    attributes: { ...attributes, ...Object.fromEntries(rest) },
    valueNames,
  };
}
