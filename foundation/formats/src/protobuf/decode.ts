import { isUtf8 } from 'node:buffer';
import { readProtobuf, readVarints } from './reader.ts';

/** Types of fields; 64-bit numbers become bigints, enumerations numbers. */
export type ProtobufType =
  | 'text'
  | 'bytes'
  | 'bool'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'fixed64'
  | 'sfixed64'
  | 'double';

/** A field by its number: its name in JSON, its type, and whether it is a list. */
export interface ProtobufFieldSpec {
  readonly name: string;
  readonly type: ProtobufType | (() => ProtobufSpec);
  readonly isList?: true;
}

export type ProtobufSpec = Readonly<Record<number, ProtobufFieldSpec>>;

/** Messages within messages, at most; as other readers of the format have it. */
const deepest = 100;
/** Messages of one body and bytes of one list of numbers, at most: a few bytes must not become a gigabyte of objects. */
const mostMessages = 1_000_000;
const mostListBytes = 65_536;

/** Messages that may still be read, and how deep this one stands. */
interface Bounds {
  readonly left: { messages: number };
  readonly depth: number;
}

/**
 * A message as its form in JSON would be read, as far as the specification knows its fields. Text that is not UTF-8 is
 * null, so that it costs only what it belongs to.
 * @throws RangeError for bytes that are no message
 */
export function decodeProtobuf(bytes: Buffer, spec: ProtobufSpec): Record<string, unknown> {
  return decodeMessage(bytes, spec, { left: { messages: mostMessages }, depth: 0 });
}

function decodeMessage(bytes: Buffer, spec: ProtobufSpec, { left, depth }: Bounds): Record<string, unknown> {
  if (depth > deepest) throw new RangeError(`messages stand within each other more than ${deepest} deep`);
  left.messages -= 1;
  if (left.messages < 0) throw new RangeError(`it has more than ${mostMessages} messages within it`);
  const message: Record<string, unknown> = {};
  for (const { field, value } of readProtobuf(bytes)) {
    const known = spec[field];
    if (known === undefined) continue;
    const { name, type, isList } = known;
    if (typeof type === 'function') {
      if (!Buffer.isBuffer(value)) throw new RangeError(`field ${field} (${name}) is no message`);
      const inner = decodeMessage(value, type(), { left, depth: depth + 1 });
      if (isList) listOf(message, name).push(inner);
      else message[name] = inner;
    } else if (isList) {
      const list = listOf(message, name);
      for (const one of packed(value, type, name)) list.push(one);
    } else {
      message[name] = scalar(value, type, name);
    }
  }
  return message;
}

function listOf(message: Record<string, unknown>, name: string): unknown[] {
  const known = message[name] as unknown[] | undefined;
  if (known !== undefined) return known;
  const list: unknown[] = [];
  message[name] = list;
  return list;
}

function scalar(value: number | bigint | Buffer, type: ProtobufType, name: string): unknown {
  if (Buffer.isBuffer(value)) {
    if (type === 'text') return isUtf8(value) ? value.toString('utf8') : null;
    if (type === 'bytes') return value.toString('base64');
    if (value.length === 8) {
      if (type === 'double') return value.readDoubleLE();
      if (type === 'fixed64') return value.readBigUInt64LE();
      if (type === 'sfixed64') return value.readBigInt64LE();
    }
  } else {
    if (type === 'bool') return Number(value) !== 0;
    if (type === 'int64') return BigInt.asIntN(64, BigInt(value));
    if (type === 'uint32') return Number(BigInt.asUintN(32, BigInt(value)));
    if (type === 'sint32') return zigzag(Number(BigInt.asUintN(32, BigInt(value))));
  }
  throw new RangeError(`the field ${name} has another type in the message`);
}

const zigzag = (value: number) => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Numbers of a list, side by side or each for itself. */
function packed(value: number | bigint | Buffer, type: ProtobufType, name: string): unknown[] {
  if (type === 'text' || type === 'bytes' || !Buffer.isBuffer(value)) return [scalar(value, type, name)];
  if (value.length > mostListBytes) throw new RangeError(`the list ${name} has more than ${mostListBytes} bytes`);
  if (type !== 'double' && type !== 'fixed64' && type !== 'sfixed64')
    return readVarints(value).map((one) => scalar(one, type, name));
  if (value.length % 8 !== 0) throw new RangeError(`the list ${name} does not end with a whole number`);
  return Array.from({ length: value.length / 8 }, (_, at) => scalar(value.subarray(at * 8, at * 8 + 8), type, name));
}
