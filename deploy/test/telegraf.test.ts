import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { goTools } from '../../scripts/go-tools.ts';
import { readDashboards } from './dashboard-files.ts';
import { deployFolder } from './deployed-settings.ts';

type Plugins = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
interface TelegrafFile {
  readonly inputs?: Plugins;
  readonly outputs?: Plugins;
}

const folder = join(deployFolder, 'telegraf');
const files = readdirSync(folder).filter((file) => file.endsWith('.conf'));
const read = (file: string) => parse(readFileSync(join(folder, file), 'utf8')) as TelegrafFile;

describe('The files for Telegraf', () => {
  it.each(files)('%s is TOML, holds no secret, and its plug-ins are those that the test builds', (file) => {
    const { inputs = {}, outputs = {} } = read(file);
    const names = [
      ...Object.keys(inputs).map((name) => `inputs.${name}`),
      ...Object.keys(outputs).map((name) => `outputs.${name}`),
    ];
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(goTools.telegraf.tags).toContain(name);
    for (const plugin of [...Object.values(inputs), ...Object.values(outputs)].flat()) {
      for (const key of ['token', 'password', 'bearer_token'])
        if (plugin[key] !== undefined) expect(plugin[key]).toMatch(/^\$\{[A-Z_]+\}$/);
    }
  });

  it('both ways to Watchkeeper write to the same database', () => {
    expect(read('to-watchkeeper.conf').outputs?.influxdb_v2?.[0]).toMatchObject({ bucket: 'watchkeeper' });
    expect(read('to-watchkeeper-v1.conf').outputs?.influxdb?.[0]).toMatchObject({ database: 'watchkeeper' });
  });

  it('measure everything that the dashboard of hosts asks for', () => {
    const hosts = readDashboards().find(({ uid }) => uid === 'watchkeeper-hosts');
    const asked = (hosts?.panels ?? []).flatMap(({ targets = [] }) =>
      targets.flatMap(
        ({ rawSql = '', query = '' }) => /(?:(?<!\w)name = '|from ")(\w+)/.exec(rawSql + query)?.[1] ?? [],
      ),
    );
    expect(new Set(asked)).toEqual(new Set(Object.keys(read('inputs-of-a-host.conf').inputs ?? {})));
  });
});
