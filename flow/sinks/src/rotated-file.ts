import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@watchkeeper/kit';

export interface RotatedFileOptions {
  readonly folder: string;
  readonly name: string;
  /** A file that would be larger is put aside. */
  readonly fileBytes: number;
  /** Files that are kept, the one that is written too. */
  readonly files: number;
}

/**
 * Lines in `name.ndjson`, durable once appended; full files are `name.<number>.ndjson`, the highest number is the
 * newest. Used by one caller at a time.
 */
export class RotatedFile {
  readonly #options: RotatedFileOptions;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(options: RotatedFileOptions) {
    this.#options = options;
  }

  get #path(): string {
    return join(this.#options.folder, `${this.#options.name}.ndjson`);
  }

  /** Appends lines, each with its line feed. @throws what the file system says; what was half written is cut off next time */
  async append(lines: readonly string[]): Promise<void> {
    try {
      let text = '';
      let bytes = 0;
      for (const line of lines) {
        const size = Buffer.byteLength(line);
        await this.#open();
        if (this.#bytes + bytes > 0 && this.#bytes + bytes + size > this.#options.fileBytes) {
          await this.#write(text);
          await this.#putAside();
          text = '';
          bytes = 0;
        }
        text += line;
        bytes += size;
      }
      await this.#open();
      await this.#write(text);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #open(): Promise<void> {
    if (this.#handle !== undefined) return;
    const { folder } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o750 });
    this.#handle = await open(this.#path, 'a+', 0o640);
    this.#bytes = await endOfLines(this.#handle);
    await this.#handle.truncate(this.#bytes);
    await syncFolder(folder);
  }

  async #write(text: string): Promise<void> {
    if (text === '' || this.#handle === undefined) return;
    const bytes = Buffer.from(text);
    await this.#handle.appendFile(bytes);
    await this.#handle.sync();
    this.#bytes += bytes.length;
  }

  async #putAside(): Promise<void> {
    const { folder, name, files } = this.#options;
    await this.close();
    const pattern = new RegExp(`^${name.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}\\.(\\d+)\\.ndjson$`);
    const numbers = (await readdir(folder))
      .map((file) => Number(pattern.exec(file)?.[1] ?? 0))
      .filter((number) => number > 0)
      .sort((a, b) => a - b);
    const next = (numbers.at(-1) ?? 0) + 1;
    await rename(this.#path, join(folder, `${name}.${next}.ndjson`));
    for (const old of [...numbers, next].slice(0, -(files - 1) || undefined))
      await rm(join(folder, `${name}.${old}.ndjson`));
    await this.#open();
  }
}

/** Bytes up to the last line feed: a crash may have left half a line behind it. */
async function endOfLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const step = 65_536;
  for (let end = size; end > 0; end -= step) {
    const start = Math.max(0, end - step);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start);
    const at = buffer.subarray(0, bytesRead).lastIndexOf(10);
    if (at >= 0) return start + at + 1;
  }
  return 0;
}
