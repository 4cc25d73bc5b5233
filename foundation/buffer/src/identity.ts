import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, writeAtomically } from '@watchkeeper/kit';
import type { BufferLog } from './buffer-log.ts';

export interface BufferIdentity {
  /** Name of the producer that the events of this buffer belong to. */
  readonly producer: string;
  /** Number of this start; rises from start to start. */
  readonly epoch: number;
  /** Takes another name, under which everything that waits is sent: the server has fenced the present one. */
  renew(): Promise<void>;
}

/**
 * Who the events of a buffer belong to, kept beside it. The epoch rises with every start and is never lower than the
 * time in seconds, so that a folder that was restored from a backup does not repeat numbers.
 */
export async function openIdentity(
  folder: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: BufferLog },
): Promise<BufferIdentity> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'identity.json');
  const known = await readIdentity(file, logger);
  let producer = known?.producer ?? crypto.randomUUID();
  const epoch = Math.max((known?.epoch ?? 0) + 1, Math.floor(clock.wallMs() / 1000));
  const save = () => writeAtomically(file, `${JSON.stringify({ producer, epoch })}\n`);
  await save();
  return {
    get producer() {
      return producer;
    },
    epoch,
    async renew() {
      producer = crypto.randomUUID();
      await save();
    },
  };
}

async function readIdentity(file: string, logger: BufferLog): Promise<{ producer: string; epoch: number } | undefined> {
  try {
    const { producer, epoch } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (typeof producer === 'string' && producer !== '' && Number.isSafeInteger(epoch))
      return { producer, epoch: epoch as number };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  logger.error({ file }, 'the identity of the buffer cannot be read; it takes another one');
  return undefined;
}
