/** An S3-compatible store in this process, for tests: s3rver. It knows keys but checks no signature of version 4. Data lives in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

export interface S3 {
  readonly url: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Ends it and keeps its data; `start` brings it back on the same port. */
  pause(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startS3(): Promise<S3> {
  const directory = mkdtempSync(join(tmpdir(), 'wk-s3-'));
  const bucket = 'watchkeeper-test';
  let port = 0;
  let running: InstanceType<typeof S3rver> | undefined;
  const start = async () => {
    running = new S3rver({ port, address: '127.0.0.1', silent: true, directory, configureBuckets: [{ name: bucket }] });
    ({ port } = await running.run());
  };
  const pause = async () => {
    await running?.close();
    running = undefined;
  };
  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    // What it takes besides, it says nowhere but in its code.
    ...{ bucket, accessKey: 'S3RVER', secretKey: 'S3RVER' },
    pause,
    start,
    async stop() {
      await pause();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
