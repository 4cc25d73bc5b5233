/** One field of a message as it stands in the wire format. */
export interface ProtobufField {
  readonly field: number;
  /** A number for varints up to 2^53, bytes for everything else. */
  readonly value: number | Buffer;
}

/** Fields of a message in their order. @throws RangeError for bytes that are no message */
export function readProtobuf(bytes: Buffer): ProtobufField[] {
  const fields: ProtobufField[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = readVarint(bytes, at);
    at = head.next;
    const field = Math.floor(head.value / 8);
    const wire = head.value % 8;
    if (wire === 0) {
      const { value, next } = readVarint(bytes, at);
      fields.push({ field, value });
      at = next;
      continue;
    }
    const length = wire === 2 ? readVarint(bytes, at) : undefined;
    const start = length?.next ?? at;
    const size = length?.value ?? (wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN);
    if (!(start + size <= bytes.length)) throw new RangeError(`field ${field} at byte ${at} cannot be read`);
    fields.push({ field, value: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return fields;
}

function readVarint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length && at < start + 10; at++) {
    const byte = bytes[at] as number;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError(`the number at byte ${start} does not end`);
}
