/** Fields of one message in the wire format of Protocol Buffers (protobuf.dev, "Encoding"). */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** A whole number from 0 up to 2^53. */
  varint(field: number, value: number): this {
    return this.#add(varintBytes(field * 8), varintBytes(value));
  }

  double(field: number, value: number): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleLE(value);
    return this.#add(varintBytes(field * 8 + 1), bytes);
  }

  fixed64(field: number, value: bigint): this {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return this.#add(varintBytes(field * 8 + 1), bytes);
  }

  text(field: number, value: string): this {
    return this.bytes(field, Buffer.from(value));
  }

  message(field: number, message: ProtobufWriter): this {
    return this.bytes(field, message.finish());
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#add(varintBytes(field * 8 + 2), varintBytes(value.length), value);
  }

  finish(): Buffer {
    return Buffer.concat(this.#chunks, this.#bytes);
  }

  #add(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
    }
    return this;
  }
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
