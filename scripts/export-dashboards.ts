/**
 * Writes the dashboards of deploy/grafana as JSON, and what the Helm chart must have within its folder. With --check it
 * writes nothing and fails when a file is not what the code says.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dashboards } from '../deploy/grafana/src/dashboards/index.ts';
import { repositoryRoot } from './source-files.ts';

const grafana = join(repositoryRoot, 'deploy/grafana');
const ofChart = join(repositoryRoot, 'deploy/helm/watchkeeper/files/grafana');

const files = new Map<string, string>();
for (const [name, build] of Object.entries(dashboards)) {
  const dashboard = build();
  files.set(join(grafana, 'dashboards', `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`);
  // A ConfigMap holds one MiB.
  files.set(join(ofChart, 'dashboards', `${name}.json`), `${JSON.stringify(dashboard)}\n`);
}
for (const name of ['datasources/watchkeeper.yaml', 'dashboards/watchkeeper.yaml'])
  files.set(join(ofChart, 'provisioning', name), readFileSync(join(grafana, 'provisioning', name), 'utf8'));

const folders = [join(grafana, 'dashboards'), ofChart];
const present = folders
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const stale = [...files].filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text);
const left = present.filter((file) => !files.has(file));

if (process.argv.includes('--check')) {
  for (const file of [...stale.map(([name]) => name), ...left])
    process.stdout.write(`${file} is not what the code says: run npm run dashboards\n`);
  process.exitCode = stale.length + left.length === 0 ? 0 : 1;
} else {
  for (const [file, text] of stale) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  for (const file of left) rmSync(file);
}
process.stdout.write(`export-dashboards: ${Object.keys(dashboards).length} dashboards\n`);
