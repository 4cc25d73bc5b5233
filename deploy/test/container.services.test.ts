import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePort, RunningServer, run } from '../../e2e/running-server.ts';
import { deployFolder } from './deployed-settings.ts';

const repository = join(deployFolder, '..');
const read = (file: string) => readFileSync(join(repository, file), 'utf8');

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Instructions of a container file, continued lines joined, by stage. */
function stagesOf(text: string): Instruction[][] {
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n');
  const stages: Instruction[][] = [];
  for (const line of lines.filter((candidate) => candidate.trim() !== '' && !candidate.startsWith('#'))) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, rest });
  }
  return stages;
}

describe('The container file (no container engine here: read, not built)', () => {
  const stages = stagesOf(read('deploy/container/Containerfile'));
  const last = stages.at(-1) ?? [];
  const all = (name: string) => last.filter((instruction) => instruction.name === name).map(({ rest }) => rest);

  it('has instructions only, and the last stage runs none of the build', () => {
    const known = [
      'FROM',
      'WORKDIR',
      'COPY',
      'RUN',
      'LABEL',
      'VOLUME',
      'ENV',
      'USER',
      'EXPOSE',
      'STOPSIGNAL',
      'HEALTHCHECK',
      'ENTRYPOINT',
      'CMD',
    ];
    for (const { name } of stages.flat()) expect(known).toContain(name);
    expect(stages.length).toBe(3);
    expect(all('RUN').join()).not.toMatch(/npm|apt/);
  });

  it('runs as an ordinary user without a shell, ends by SIGTERM and says whether it is ready', () => {
    expect(all('USER')).toEqual(['65532:65532']);
    expect(JSON.parse(all('ENTRYPOINT')[0] ?? '')).toEqual([
      'node',
      '/app/node_modules/watchkeeper/bin/watchkeeper.mjs',
    ]);
    expect(JSON.parse(all('CMD')[0] ?? '')).toEqual(['start']);
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
    const [, check = ''] = /CMD (\[.*\])$/.exec(all('HEALTHCHECK')[0] ?? '') ?? [];
    expect(JSON.parse(check)).toEqual(['node', '/app/is-ready.mjs']);
  });

  it('copies only what is there and not left out', () => {
    const left = read('.containerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    for (const { rest } of stages.flat().filter(({ name, rest }) => name === 'COPY' && !rest.startsWith('--from'))) {
      const [source = ''] = rest.split(' ');
      expect([source, existsSync(join(repository, source))]).toEqual([source, true]);
      expect(left).not.toContain(source);
    }
    // What the pack needs of the repository must reach the builder.
    for (const needed of ['README.md', 'LICENSE', 'package-lock.json', 'scripts/pack.ts', 'apps/web/LICENCES.txt'])
      expect(left.some((pattern) => globSync(pattern, { cwd: repository }).includes(needed))).toBe(false);
    expect(left).toContain('**/secrets');
    expect(read('deploy/container/Containerfile.dockerignore')).toBe(read('.containerignore'));
  });

  it('its ports and folders are settings that this release takes, and its health check tells ready from not', async () => {
    const environment = Object.fromEntries(
      [...(all('ENV')[0] ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, k = '', v = '']) => [k, v]),
    );
    expect(environment).toMatchObject({
      WATCHKEEPER_LISTEN: '0.0.0.0:7300',
      WATCHKEEPER_HEALTH_LISTEN: '0.0.0.0:7301',
    });
    const port = await freePort();
    const server = await RunningServer.start('--roles', 'processor', '--health-listen', `127.0.0.1:${port}`);
    const script = join(deployFolder, 'container/is-ready.mjs');
    const check = () => run('env', [`WATCHKEEPER_HEALTH_LISTEN=0.0.0.0:${port}`, process.execPath, script]);
    try {
      expect(await check()).toMatchObject({ code: 0, stderr: '' });
      const metrics = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect(await metrics.text()).toContain('watchkeeper_processor_events_total');
      expect((await fetch(`http://127.0.0.1:${port}/api/v1`)).status).toBe(404);
    } finally {
      await server.close();
    }
    const away = await check();
    expect([away.code, away.stderr.startsWith('no answer')]).toEqual([1, true]);
  });
});
