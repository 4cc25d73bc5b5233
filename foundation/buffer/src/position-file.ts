import { readFile, rename } from 'node:fs/promises';
import { writeAtomically } from '@watchkeeper/kit';

/** Up to where a queue is acknowledged: a segment, and bytes of it. */
export interface QueuePosition {
  readonly segment: number;
  readonly bytes: number;
}

/** Where a queue without a position begins. */
export const firstPosition: QueuePosition = { segment: 0, bytes: 0 };

/** What the file says: `firstPosition` when there is none, undefined when it cannot be read and was put aside. */
export async function readPosition(file: string): Promise<QueuePosition | undefined> {
  try {
    const { segment, bytes } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (Number.isSafeInteger(segment) && Number.isSafeInteger(bytes))
      return { segment: segment as number, bytes: bytes as number };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return firstPosition;
    if (!(error instanceof SyntaxError)) throw error;
  }
  await rename(file, `${file}.bad`);
  return undefined;
}

export function writePosition(file: string, position: QueuePosition): Promise<void> {
  return writeAtomically(file, `${JSON.stringify(position)}\n`);
}
