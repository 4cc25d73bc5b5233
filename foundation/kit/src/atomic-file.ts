import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failpoint } from './failpoint.ts';

/**
 * Replaces a small file: after a crash or a power cut it holds either what it held before or the new text, whole. The
 * text is synced before it gets its name, and the folder after that.
 */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const draft = `${file}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  failpoint('file.before-rename');
  await rename(draft, file);
  await syncFolder(dirname(file));
}

/** Makes names in a folder as durable as the files that they stand for. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
