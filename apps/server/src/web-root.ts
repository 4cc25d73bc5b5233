import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WatchkeeperError } from '@watchkeeper/model';

/** The built web app, as it is installed. */
const installedRoot = new URL('../web/', import.meta.url);
/** In the repository it is built from its sources when they have changed. */
const buildScript = new URL('../../../scripts/build-web.ts', import.meta.url);
const repositoryRoot = new URL('../../web/dist/', import.meta.url);

/**
 * Makes the web app ready and returns its folder. The build runs in a process of its own, beside the start of the
 * database.
 * @throws WatchkeeperError `web_build_failed`
 */
export async function prepareWeb(): Promise<string> {
  if (existsSync(installedRoot)) return fileURLToPath(installedRoot);
  const child = spawn(process.execPath, [fileURLToPath(buildScript)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return fileURLToPath(repositoryRoot);
  throw new WatchkeeperError(
    'web_build_failed',
    `The web app could not be built (exit code ${code}). Run \`npm run build\` to see why.\n${said.trim()}`,
  );
}
