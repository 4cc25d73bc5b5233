import { readFile, rename } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeAtomically } from '@watchkeeper/kit';

/** Up to where a queue is acknowledged: a segment, and bytes of it. */
export interface QueuePosition {
  readonly segment: number;
  readonly bytes: number;
}

/** Where a queue without a position begins. */
export const firstPosition: QueuePosition = { segment: 0, bytes: 0 };

/** Numbers of segments have 16 digits; this leaves room for as many more. */
const mostSegments = 10 ** 15;

/** What the file says: `firstPosition` when there is none, undefined when it cannot be read. */
export async function readPosition(file: string): Promise<QueuePosition | undefined> {
  try {
    const { segment, bytes, crc } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (!isCount(segment) || !isCount(bytes) || segment > mostSegments) return undefined;
    const position = { segment, bytes };
    // The first release wrote none.
    return crc === undefined || crc === checksum(position) ? position : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return firstPosition;
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    return undefined;
  }
}

export function writePosition(file: string, { segment, bytes }: QueuePosition): Promise<void> {
  return writeAtomically(file, `${JSON.stringify({ segment, bytes, crc: checksum({ segment, bytes }) })}\n`);
}

/** Keeps a position that is of no use, to be looked at. */
export function putPositionAside(file: string): Promise<void> {
  return rename(file, `${file}.bad`);
}

/**
 * Whether a queue with these segments can have come so far: into one of them up to the end of a record, behind all of
 * them by one, or not as far as the oldest. Anything else would delete what nobody has acknowledged.
 * @param endsRecord whether a record of a segment ends at a byte
 */
export async function isPlausible(
  { segment, bytes }: QueuePosition,
  numbers: readonly number[],
  endsRecord: (position: QueuePosition) => Promise<boolean>,
): Promise<boolean> {
  if (numbers.length === 0 || segment < Math.min(...numbers)) return true;
  if (segment === Math.max(...numbers) + 1) return bytes === 0;
  return numbers.includes(segment) && (bytes === 0 || endsRecord({ segment, bytes }));
}

function checksum({ segment, bytes }: QueuePosition): number {
  return crc32(`${segment} ${bytes}`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
