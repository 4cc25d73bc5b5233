import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, RunningServer, run } from '../../e2e/running-server.ts';
import { deployFolder, isMissing } from './deployed-settings.ts';

const folder = join(deployFolder, 'compose');

describe('Prometheus', () => {
  it.skipIf(isMissing('promtool'))('promtool takes the configuration and the rules', async () => {
    const { code, stdout, stderr } = await run('promtool', [
      'check',
      'config',
      join(folder, 'prometheus/prometheus.yml'),
    ]);
    expect([code, stderr], stdout).toEqual([0, '']);
    expect(stdout).toContain('3 rules found');
  });

  it.skipIf(isMissing('promtool'))(
    'promtool takes what every role tells, and the rules speak of what is told',
    async () => {
      const port = await freePort();
      const server = await RunningServer.start('--demo', '--health-listen', `127.0.0.1:${port}`);
      try {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const told = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
        const rules = readFileSync(join(folder, 'prometheus/rules.yml'), 'utf8');
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
