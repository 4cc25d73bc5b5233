import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import type { Reason } from '@watchkeeper/model';

export type Decoded =
  | { readonly ok: true; readonly text: string; readonly sizeBytes: number }
  | { readonly ok: false; readonly reason: Reason; readonly message: string };

/** Unpacks a body by its Content-Encoding (RFC 9110 section 8.4), at most to `limitBytes`, and reads it as UTF-8. */
export function decodeBody(body: Buffer, encoding: string | undefined, limitBytes: number): Decoded {
  const codings = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (body.length === 0) return { ok: true, text: '', sizeBytes: 0 };
  if (codings.length > 3) return { ok: false, reason: 'decode', message: `the body is packed ${codings.length} times` };
  let bytes = body;
  for (const coding of codings.reverse()) {
    try {
      bytes = unpack(bytes, coding, limitBytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
        return { ok: false, reason: 'body_too_large', message: `the unpacked body is larger than ${limitBytes} bytes` };
      return {
        ok: false,
        reason: 'decode',
        message: `the body cannot be unpacked as ${coding} (${(error as Error).message})`,
      };
    }
  }
  return { ok: true, text: bytes.toString('utf8'), sizeBytes: bytes.length };
}

function unpack(bytes: Buffer, coding: string, limitBytes: number): Buffer {
  // Zero would mean "no limit" to zlib.
  const limit = { maxOutputLength: Math.max(1, limitBytes) };
  if (coding === 'gzip' || coding === 'x-gzip') return gunzipSync(bytes, limit);
  if (coding === 'br') return brotliDecompressSync(bytes, limit);
  // Some servers send raw deflate where zlib's format is meant.
  if (coding === 'deflate')
    return ((bytes[0] as number) & 0x0f) === 8 ? inflateSync(bytes, limit) : inflateRawSync(bytes, limit);
  throw new Error('unknown coding');
}
