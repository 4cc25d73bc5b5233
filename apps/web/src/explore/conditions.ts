/** One part of Where. A text field is or is not one of some values; a number is at least, or below, a limit. */
export type Condition =
  | { readonly field: string; readonly op: 'is' | 'not'; readonly values: readonly string[] }
  | { readonly field: string; readonly op: 'least' | 'below'; readonly limit: number };

const signs = { is: '=', not: '!=', least: '>=', below: '<' } as const;
/** Most characters of a name or a text value that the API takes. */
const mostText = 200;

/** Conditions as they stand in the address: `host=node-17|node-18;disk!=loop0;sizeBytes>=4096`. */
export function conditionsText(conditions: readonly Condition[]): string {
  return conditions.map((one) => `${encodeText(one.field)}${signs[one.op]}${rightSide(one)}`).join(';');
}

const rightSide = (one: Condition) => ('values' in one ? one.values.map(encodeText).join('|') : String(one.limit));
/** Only what separates is written in another way, so that an address stays readable. */
const encodeText = (text: string) => text.replace(/[%;|=!<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

/** Reads them back; what is no condition is left out. */
export function parseConditions(text: string | undefined): Condition[] {
  return (text ?? '').split(';').flatMap((part): Condition[] => {
    const [, name = '', sign, right = ''] = /^([^=<>!]+)(!=|>=|=|<)(.*)$/s.exec(part) ?? [];
    const field = decodeText(name);
    if (field === '' || field.length > mostText) return [];
    if (sign === '=' || sign === '!=') {
      return [{ field, op: sign === '=' ? 'is' : 'not', values: right.split('|').map(decodeText).slice(0, 100) }];
    }
    const limit = Number(right);
    return right.trim() === '' || !Number.isFinite(limit)
      ? []
      : [{ field, op: sign === '>=' ? 'least' : 'below', limit }];
  });
}

const decodeText = (text: string) => text.replace(/%(25|3b|7c|3d|21|3c|3e)/gi, (code) => decodeURIComponent(code));

/** Adds a condition. One that says the same of the same field with one value more widens the one that is there. */
export function withCondition(present: readonly Condition[], added: Condition): Condition[] {
  if (!('values' in added))
    return [...present.filter((one) => one.field !== added.field || one.op !== added.op), added];
  // "Keep only" asks for less than what was there: it takes the place of an earlier "is".
  if (added.op === 'is') return [...present.filter((one) => one.field !== added.field || !('values' in one)), added];
  const same = present.find((one) => one.field === added.field && one.op === 'not');
  const values = same !== undefined && 'values' in same ? same.values : [];
  return [...present.filter((one) => one !== same), { ...added, values: [...new Set([...values, ...added.values])] }];
}

export const operatorWords: Readonly<Record<Condition['op'], string>> = {
  is: 'is',
  not: 'is not',
  least: 'is at least',
  below: 'is below',
};
