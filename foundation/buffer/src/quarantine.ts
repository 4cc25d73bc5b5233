import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BufferLog } from './buffer-log.ts';
import type { Damage } from './record.ts';
import type { Segment } from './segment.ts';

/** Bytes of damage that are kept to be looked at. */
const keptBytes = 16 * 1024 * 1024;

/** Where damaged pieces of a queue go: a file each, as far as there is room for them. Every one is counted and told. */
export class Quarantine {
  readonly #folder: string;
  readonly #logger: BufferLog;
  #bytes = 0;
  /** Pieces since the start. */
  count = 0;

  constructor(folder: string, logger: BufferLog) {
    this.#folder = folder;
    this.#logger = logger;
  }

  /** @param content of the segment, where it was read already */
  async putAside(segment: Segment, damage: readonly Damage[], content?: Buffer): Promise<void> {
    for (const { start, end } of damage) {
      this.count += 1;
      this.#bytes += end - start;
      this.#logger.error({ file: segment.path, start, end }, 'a piece of the buffer is damaged; it is put aside');
      if (this.#bytes > keptBytes || !segment.isOnDisk) continue;
      const file = join(this.#folder, `damaged-${segment.number}-${start}`);
      try {
        const bytes = content ?? (await readFile(segment.path));
        await writeFile(file, bytes.subarray(start, end), { mode: 0o600 });
      } catch (error) {
        this.#logger.warn({ err: error, file }, 'the damaged piece could not be kept');
      }
    }
  }
}
