import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@watchkeeper/kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRemoteZone } from '../src/remote/start-remote-zone.ts';
import { loadSettings } from '../src/settings.ts';

describe('A zone without a database', () => {
  let dataDir = '';
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'wk-start-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const start = () => {
    const flags = { ...{ dataDir, server: 'http://127.0.0.1:9', key: 'env:KEY' }, roles: ['scheduler' as const] };
    return startRemoteZone({
      ...{ settings: loadSettings({ flags, environment: {} }).settings, environment: { KEY: 'k' }, version: '0' },
      logger: createLogger({ level: 'silent', format: 'json', destination: process.stderr }),
      onProgress: () => undefined,
      lastError: () => null,
    });
  };

  it('says which data directory it cannot use, why, and what to do', async () => {
    // Also root cannot write a file where a folder is.
    mkdirSync(join(dataDir, 'buffer', 'identity.json.new'), { recursive: true });
    await expect(start()).rejects.toMatchObject({
      code: 'data_directory_unusable',
      message: expect.stringMatching(/^The data directory \S+ cannot be used \(EISDIR.*\)\. Make room on its disk/),
    });
  });

  it('starts where the folder of the buffer is in order', async () => {
    mkdirSync(join(dataDir, 'buffer'));
    writeFileSync(join(dataDir, 'buffer', 'identity.json'), '{"producer":"p","epoch":1}');
    const running = await start();
    await running.stop();
    expect(running.zones).toEqual(['local']);
  });
});
