/** Bytes that have a meaning in line protocol. */
export const newline = 0x0a;
export const carriageReturn = 0x0d;
export const tab = 0x09;
export const space = 0x20;
export const quote = 0x22;
export const hash = 0x23;
export const comma = 0x2c;
export const minus = 0x2d;
export const dot = 0x2e;
export const equals = 0x3d;
export const backslash = 0x5c;

/** Place of the quote that ends the text that begins at `start`, behind its opening quote; -1 when nothing ends it. */
export function endOfText(body: Uint8Array, start: number): number {
  for (let at = start; at < body.length; at++) {
    const byte = body[at];
    if (byte === quote) return at;
    if (byte === backslash && (body[at + 1] === quote || body[at + 1] === backslash)) at += 1;
  }
  return -1;
}

/** Whether a value may end before this byte. */
export function isBorder(byte: number | undefined): boolean {
  return byte === comma || byte === space || byte === newline || byte === carriageReturn;
}

/**
 * Behind the line that begins at `start` and cannot be read, so that the next one can be. A newline within a text that
 * begins and ends as it must belongs to the line; a quote that nothing ends does not take the following lines with it.
 */
export function behindBadLine(body: Uint8Array, start: number): number {
  for (let at = start; at < body.length; at++) {
    const byte = body[at];
    if (byte === newline) return at + 1;
    if (byte !== quote || body[at - 1] !== equals) continue;
    const end = endOfText(body, at + 1);
    if (end !== -1 && isBorder(body[end + 1])) at = end;
  }
  return body.length;
}
