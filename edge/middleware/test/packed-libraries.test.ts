import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startTakingServer } from '../../emit/test/taking-server.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const examples = fileURLToPath(new URL('../examples/', import.meta.url));
/** What the examples install beside our packages. */
const frameworks = ['prom-client', 'fastify', 'express', 'koa', '@koa/router'];
const typesOfOthers = ['@types/node', '@types/express', '@types/koa'];

/** What is published is what an application gets: packed files in a folder of its own, far from the sources. */
describe('The published libraries', () => {
  let folder = '';
  let packed: string[] = [];
  beforeAll(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'wk-libraries-')));
    const made = spawnSync(process.execPath, [join(repository, 'scripts/pack-libraries.ts'), folder], {
      encoding: 'utf8',
    });
    expect(made.status, made.stderr).toBe(0);
    packed = made.stdout.trim().split('\n');
    for (const file of packed) {
      const [, name = ''] = /watchkeeper-([a-z]+)-/.exec(file) ?? [];
      const home = join(folder, 'node_modules/@watchkeeper', name);
      mkdirSync(home, { recursive: true });
      expect(spawnSync('tar', ['xzf', file, '-C', home, '--strip-components=1']).status).toBe(0);
    }
    for (const name of [...frameworks, ...typesOfOthers]) {
      const place = join(folder, 'node_modules', name);
      mkdirSync(dirname(place), { recursive: true });
      symlinkSync(join(repository, 'node_modules', name), place);
    }
    for (const name of readdirSync(examples)) copyFileSync(join(examples, name), join(folder, name));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  it('are in order by the rules of publint', async () => {
    expect(packed).toHaveLength(2);
    for (const file of packed) {
      const { buffer } = new Uint8Array(readFileSync(file));
      const { messages } = await publint({ pack: { tarball: buffer }, strict: true });
      expect([file, messages]).toEqual([file, []]);
    }
  });

  it('hold nothing of ours that is not published, and no schema library', () => {
    for (const name of ['emit', 'middleware']) {
      const home = join(folder, 'node_modules/@watchkeeper', name);
      const files = readdirSync(join(home, 'dist'));
      expect(files.every((file) => /\.(js|cjs|d\.ts|d\.cts)$/.test(file))).toBe(true);
      for (const file of files)
        expect(readFileSync(join(home, 'dist', file), 'utf8')).not.toMatch(
          /(from|require\()\s*['"](typebox|pino|@watchkeeper\/(?!emit))/,
        );
    }
  });

  it('are imported and required, each subpath', () => {
    const names = [
      'middleware',
      'middleware/express',
      'middleware/fastify',
      'middleware/koa',
      'middleware/node',
      'emit',
    ];
    for (const name of names) {
      const imported = node(
        '--input-type=module',
        '-e',
        `console.log(Object.keys(await import('@watchkeeper/${name}')))`,
      );
      const required = node('--input-type=commonjs', '-e', `console.log(Object.keys(require('@watchkeeper/${name}')))`);
      expect([imported.stderr, required.stderr]).toEqual(['', '']);
      expect(required.stdout).toBe(imported.stdout);
      expect(imported.stdout).toMatch(/[a-zA-Z]+/);
    }
  });

  it('have types for both kinds of module that fit those of the frameworks', () => {
    const text = `
import { createEmitter, type Emitter } from '@watchkeeper/emit';
import { HttpMetrics } from '@watchkeeper/middleware';
import { expressMetrics } from '@watchkeeper/middleware/express';
import { fastifyMetrics } from '@watchkeeper/middleware/fastify';
import { koaMetrics } from '@watchkeeper/middleware/koa';
import { measured } from '@watchkeeper/middleware/node';
import express = require('express');
import Koa = require('koa');
import { fastify } from 'fastify';
import { createServer } from 'node:http';

const emitter: Emitter = createEmitter({ server: 'https://watch.example.org', key: 'wk_x', folder: '/tmp/x' });
const metrics = new HttpMetrics({ emitter, labels: { shop: (request) => String(request.headers['x-shop']) } });
express().use(expressMetrics(metrics));
new Koa().use(koaMetrics(metrics));
fastify().register(fastifyMetrics, { metrics });
createServer(measured(metrics, (_request, response) => response.end()));
// @ts-expect-error a server is needed
createEmitter({ key: 'wk_x', folder: '/tmp/x' });
`;
    writeFileSync(join(folder, 'application.cts'), text);
    writeFileSync(
      join(folder, 'application.mts'),
      text
        .replace("import express = require('express')", "import express from 'express'")
        .replace("import Koa = require('koa')", "import Koa from 'koa'"),
    );
    const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, types: ['node'] };
    const project = { compilerOptions, files: ['application.cts', 'application.mts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    const checked = spawnSync(join(repository, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' });
    expect(checked.stdout.split('\n').filter((line) => /^application|@watchkeeper/.test(line))).toEqual([]);
  });

  describe('in the example', () => {
    let child: ChildProcess | undefined;
    afterEach(() => {
      child?.kill('SIGKILL');
      child = undefined;
    });

    /** Starts an example; resolves with its address, and with how it ended after SIGTERM. */
    async function start(file: string, environment: Readonly<Record<string, string>> = {}) {
      const started = spawn(process.execPath, [file], {
        cwd: folder,
        env: { ...process.env, PORT: '0', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let said = '';
      for (const stream of [started.stdout, started.stderr])
        stream.on('data', (text: Buffer) => {
          said += text.toString();
        });
      const ended = new Promise<number | null>((resolve) => started.once('close', resolve));
      const deadlineMs = performance.now() + 10_000;
      for (;;) {
        const url = /listening on (http:\/\/[\d.:]+)/.exec(said)?.[1];
        if (url !== undefined) return { url, end: () => (started.kill('SIGTERM') ? ended : ended) };
        if (performance.now() > deadlineMs) throw new Error(`${file} does not listen: ${said}`);
        await new Promise((done) => setTimeout(done, 10));
      }
    }

    async function useShop(url: string): Promise<string> {
      const headers = { connection: 'close' };
      for (const id of ['7', '8', '9'])
        expect(await (await fetch(`${url}/orders/${id}`, { headers })).json()).toEqual({ id });
      expect((await fetch(`${url}/orders`, { method: 'POST', headers })).status).toBe(201);
      expect((await fetch(`${url}/nowhere`, { headers })).status).toBe(404);
      expect(await (await fetch(`${url}/health`, { headers })).text()).toBe('well');
      const deadlineMs = performance.now() + 5000;
      for (;;) {
        const answer = await fetch(`${url}/metrics`, { headers });
        expect(answer.headers.get('content-type')).toContain('version=0.0.4');
        const text = await answer.text();
        if (/http_requests_total\{.*status="404".*\} 1/.test(text)) return text;
        if (performance.now() > deadlineMs) throw new Error(`requests are not counted: ${text}`);
      }
    }

    it.each([
      ['fastify.mjs', ''],
      ['express.cjs', ''],
      ['koa.mjs', ',shop="main"'],
      ['node.mjs', ''],
    ])('%s requests are counted, and Prometheus can read it', async (file, own) => {
      const { url, end } = await start(file);
      const text = await useShop(url);
      expect(text).toContain(`http_requests_total{method="GET",route="/orders/:id",status="200"${own}} 3\n`);
      expect(text).toContain(`http_requests_total{method="POST",route="/orders",status="201"${own}} 1\n`);
      expect(text).toContain(`http_requests_total{method="GET",route="none",status="404"${own}} 1\n`);
      expect(text).toContain(
        `http_request_duration_seconds_count{method="GET",route="/orders/:id",status="200"${own}} 3\n`,
      );
      expect(text).toMatch(/^http_connections_open \d+$/m);
      expect(text).not.toMatch(/health|orders\/7/);
      expect(await end()).toBe(0);
    });

    it('fastify.mjs each request becomes an event, sent before the application ends', async () => {
      const server = await startTakingServer();
      try {
        const buffer = join(folder, 'buffer');
        const environment = { WATCHKEEPER_SERVER: server.url, WATCHKEEPER_KEY: 'wk_test', BUFFER: buffer };
        const { url, end } = await start('fastify.mjs', environment);
        await useShop(url);
        expect(await end()).toBe(0);
        expect(server.taken).toHaveLength(5);
        expect(server.events.map(({ series, outcome }) => [series.name, series.attributes, outcome])).toContainEqual([
          'http.served',
          { method: 'GET', route: '/orders/:id', status: '200' },
          'ok',
        ]);
      } finally {
        await server.close();
      }
    });
  });
});
