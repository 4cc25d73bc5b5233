import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './running-server.ts';

/** nginx of the system with a configuration of its own: a website that a test starts and stops. */
export class Nginx {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async open(): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), 'wk-nginx-'));
    // Its workers run as another user when it is started as root.
    chmodSync(folder, 0o755);
    const port = await freePort();
    mkdirSync(join(folder, 'html'));
    writeFileSync(join(folder, 'html/index.html'), '<title>shop</title>\n');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join(' ');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 256; }
http { access_log off; ${paths} server { listen 127.0.0.1:${port}; root ${folder}/html; } }\n`,
    );
    const nginx = new Nginx(port, folder);
    await nginx.start();
    return nginx;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async start(): Promise<void> {
    this.#child = spawn(
      'nginx',
      ['-p', this.#folder, '-c', join(this.#folder, 'nginx.conf'), '-e', join(this.#folder, 'error.log')],
      { stdio: 'ignore' },
    );
    await until('nginx', async () => (await fetch(this.url).catch(() => undefined))?.ok);
  }

  async stop(): Promise<void> {
    const child = this.#child as ChildProcess;
    const ended = new Promise((done) => child.once('close', done));
    child.kill('SIGTERM');
    await ended;
  }

  async close(): Promise<void> {
    if (this.#child?.exitCode === null) await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
