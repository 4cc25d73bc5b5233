import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, RunningServer, run, until } from '../../e2e/running-server.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

const folder = join(deployFolder, 'compose');
/** The Compose file mounts it. */
const rulesFile = join(deployFolder, 'prometheus/rules/watchkeeper.yml');

describe('Prometheus', () => {
  it.skipIf(isMissing('promtool'))('promtool takes the configuration and the rules', async () => {
    const place = mkdtempSync(join(tmpdir(), 'wk-prometheus-'));
    try {
      // As they lie beside each other in the container.
      copyFileSync(join(folder, 'prometheus/prometheus.yml'), join(place, 'prometheus.yml'));
      copyFileSync(rulesFile, join(place, 'rules.yml'));
      const { code, stdout, stderr } = await run('promtool', ['check', 'config', join(place, 'prometheus.yml')]);
      expect([code, stderr], stdout).toEqual([0, '']);
      expect(stdout).toContain('7 rules found');
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it.skipIf(isMissing('promtool'))(
    'promtool takes what every role tells, and the rules speak of what is told',
    async () => {
      const port = await freePort();
      const server = await RunningServer.start('--demo', '--health-listen', `127.0.0.1:${port}`);
      try {
        // How late checks are is known after the first ones.
        const text = await until('the first checks', async () => {
          const told = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
          return told.includes('watchkeeper_scheduler_lateness_p99_seconds') && told;
        });
        const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
        const rules = readFileSync(rulesFile, 'utf8');
        const names = [...rules.matchAll(/watchkeeper_\w+/g)].map(([name]) => name);
        expect(names.length).toBeGreaterThan(0);
        for (const name of names) expect([name, told.has(name)]).toEqual([name, true]);
        const { stderr } = await run('promtool', ['check', 'metrics'], { input: text });
        // Warnings about names of Node.js's own metrics are not ours.
        expect(stderr.split('\n').filter((line) => line.startsWith('watchkeeper_'))).toEqual([]);
        expect(stderr).not.toMatch(/error while linting|parse error/i);
      } finally {
        await server.close();
      }
    },
  );
});
