import { isUtf8 } from 'node:buffer';
import type { ListenerCounts } from './listener-counts.ts';

/** Calls `onLine` with each line that is not empty, without its line feed; lines that are no text are counted as bad. */
export function eachLine(bytes: Buffer, counts: ListenerCounts, onLine: (line: string) => void): void {
  if (!isUtf8(bytes)) {
    eachLineOfBytes(bytes, counts, onLine);
    return;
  }
  const text = bytes.toString('utf8');
  let start = 0;
  while (start < text.length) {
    let end = text.indexOf('\n', start);
    if (end === -1) end = text.length;
    const last = text.charCodeAt(end - 1) === 0x0d ? end - 1 : end;
    if (last > start) onLine(start === 0 && last === text.length ? text : text.slice(start, last));
    start = end + 1;
  }
}

/** One line that is not UTF-8 does not cost its neighbours. */
function eachLineOfBytes(bytes: Buffer, counts: ListenerCounts, onLine: (line: string) => void): void {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (isUtf8(line)) eachLine(line, counts, onLine);
    else counts.bad('the line is not UTF-8', line.toString('latin1', 0, 100));
    start = end + 1;
  }
}
