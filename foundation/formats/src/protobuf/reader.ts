/** One field of a message as it stands in the wire format. */
export interface ProtobufField {
  readonly field: number;
  /** A number for varints below 2^53, a bigint for larger ones, bytes for everything else. */
  readonly value: number | bigint | Buffer;
}

/** Fields of a message in their order. @throws RangeError for bytes that are no message */
export function readProtobuf(bytes: Buffer): ProtobufField[] {
  const fields: ProtobufField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = readVarint(bytes, at);
    at = head.next;
    const field = Math.floor(Number(head.value) / 8);
    const wire = Number(head.value) % 8;
    if (wire === 0) {
      const { value, next } = readVarint(bytes, at);
      fields.push({ field, value });
      at = next;
      continue;
    }
    const length = wire === 2 ? readVarint(bytes, at) : undefined;
    const start = length?.next ?? at;
    const size = length === undefined ? (wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN) : Number(length.value);
    if (!(start + size <= bytes.length)) throw new RangeError(`field ${field} at byte ${at} cannot be read`);
    fields.push({ field, value: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return fields;
}

/** The numbers of a packed list of varints. @throws RangeError */
export function readVarints(bytes: Buffer): (number | bigint)[] {
  const numbers: (number | bigint)[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, next } = readVarint(bytes, at);
    numbers.push(value);
    at = next;
  }
  return numbers;
}

function readVarint(bytes: Buffer, start: number): { value: number | bigint; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80)
      return { value: value <= Number.MAX_SAFE_INTEGER ? value : largeVarint(bytes, start, at), next: at + 1 };
  }
  throw new RangeError(`the number at byte ${start} does not end`);
}

/** The 64 bits of a varint whose last byte stands at `last`. */
function largeVarint(bytes: Buffer, start: number, last: number): bigint {
  let value = 0n;
  for (let at = last; at >= start; at--) value = (value << 7n) | BigInt((bytes[at] as number) & 0x7f);
  return BigInt.asUintN(64, value);
}
