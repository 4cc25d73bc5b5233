import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readProtobuf } from './reader.ts';
import { ProtobufWriter } from './writer.ts';

it('What is written is read again', () => {
  const inner = new ProtobufWriter().text(1, 'ü').varint(2, 0);
  const bytes = new ProtobufWriter()
    .varint(1, 2 ** 53 - 1)
    .double(2, -0.5)
    .fixed64(3, 1_700_000_000_000_000_007n)
    .message(300, inner)
    .finish();
  const [one, two, three, four] = readProtobuf(bytes);
  const bytesOf = (field: typeof two) => Buffer.from(field?.value as Buffer);
  expect(one).toEqual({ field: 1, value: 2 ** 53 - 1 });
  expect(bytesOf(two).readDoubleLE()).toBe(-0.5);
  expect(bytesOf(three).readBigUInt64LE()).toBe(1_700_000_000_000_000_007n);
  expect(four?.field).toBe(300);
  expect(readProtobuf(bytesOf(four))).toEqual([
    { field: 1, value: Buffer.from('ü') },
    { field: 2, value: 0 },
  ]);
});

it('Bytes that are no message are refused, and every message of varints comes back', () => {
  for (const bytes of [[0x08], [0x0a, 5, 1], [0x0b], Array(11).fill(0xff)])
    expect(() => readProtobuf(Buffer.from(bytes))).toThrow(RangeError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        readProtobuf(Buffer.from(bytes));
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.maxSafeNat())), (fields) => {
      const writer = new ProtobufWriter();
      for (const [field, value] of fields) writer.varint(field, value);
      expect(readProtobuf(writer.finish()).map(({ field, value }) => [field, value])).toEqual(fields);
    }),
  );
});
