import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import type { Connection } from '../src/index.ts';

const folder = fileURLToPath(new URL('./releases/', import.meta.url));
const suffix = '.sql.gz';

/** Releases of which a database is kept, `scripts/make-release-fixture.ts` makes them. */
export const keptReleases: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith(suffix))
  .map((name) => name.slice(0, -suffix.length))
  .sort();

/** Fills an empty database with what a release left. The role of readers is made where the server has none yet. */
export async function restoreRelease(connection: Connection, release: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    await client.query(
      `do $$ begin create role wk_reader nologin; exception when duplicate_object or unique_violation then null; end $$`,
    );
    await client.query(gunzipSync(readFileSync(`${folder}${release}${suffix}`)).toString('utf8'));
  } finally {
    await client.end();
  }
}
