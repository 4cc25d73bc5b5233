import { randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, writeAtomically } from '@watchkeeper/kit';
import type { BufferLog } from './buffer-log.ts';

export interface BufferIdentity {
  /** Name of the producer that the events of this buffer belong to. */
  readonly producer: string;
  /** Number of this start; rises from start to start. */
  readonly epoch: number;
  /** Writes it down, unless that is done: before any event is. Rejects while the disk takes nothing. */
  keep(): Promise<void>;
  /** Takes another name, under which everything that waits is sent: the server has fenced the present one. */
  renew(): Promise<void>;
}

/** Two starts in the same moment, of copies of a folder, differ by chance: up to so many microseconds. */
const byChanceUs = 1_000_000;
/** What a disk says that takes nothing, for now; anything else at the start is for the operator to mend. */
const ofDisk: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/**
 * Who the events of a buffer belong to, kept beside it. The epoch rises with every start and is never lower than the
 * time in microseconds, so that a folder that was restored from a backup does not repeat numbers. An epoch that a full
 * disk kept from being written down is not repeated either: the next start is later.
 * @throws the error of the file system, unless it is that the disk takes nothing
 */
export async function openIdentity(
  folder: string,
  { clock, logger }: { readonly clock: Clock; readonly logger: BufferLog },
): Promise<BufferIdentity> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'identity.json');
  const known = await readIdentity(file, logger);
  let producer = known?.producer ?? crypto.randomUUID();
  const leastEpoch = Math.max((known?.epoch ?? 0) + 1, Math.floor(clock.wallMs()) * 1000);
  const epoch = leastEpoch + randomInt(byChanceUs);
  let kept: string | undefined;
  let keeping: Promise<void> = Promise.resolve();
  const keep = () => {
    const before = keeping;
    keeping = (async () => {
      await Promise.allSettled([before]);
      if (kept === producer) return;
      const name = producer;
      await writeAtomically(file, `${JSON.stringify({ producer: name, epoch })}\n`);
      kept = name;
    })();
    return keeping;
  };
  const keepIfDiskWorks = async () => {
    try {
      await keep();
    } catch (error) {
      const { code, message: reason } = error as NodeJS.ErrnoException;
      if (!ofDisk.has(code)) throw error;
      logger.error(
        { file, reason },
        'the identity of the buffer cannot be written; events stay in memory until it can',
      );
    }
  };
  await keepIfDiskWorks();
  return {
    get producer() {
      return producer;
    },
    epoch,
    keep,
    async renew() {
      producer = crypto.randomUUID();
      await keepIfDiskWorks();
    },
  };
}

async function readIdentity(file: string, logger: BufferLog): Promise<{ producer: string; epoch: number } | undefined> {
  try {
    const { producer, epoch } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if (typeof producer === 'string' && producer !== '' && isEpoch(epoch)) return { producer, epoch };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
  }
  logger.error({ file }, 'the identity of the buffer cannot be read; it takes another one');
  return undefined;
}

/** An epoch that leaves room for those of later starts. */
function isEpoch(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < Number.MAX_SAFE_INTEGER / 2;
}
