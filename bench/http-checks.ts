import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, BenchRow } from './bench.ts';
import { processCpuSeconds } from './postgres-cpu.ts';

const atOnce = 20;
const rounds = 3;
const certificates = new URL('../foundation/guard/test/certificates/', import.meta.url);
const child = fileURLToPath(new URL('./http-checks-child.ts', import.meta.url));

const bench: Bench = {
  name: 'http-checks',
  summary:
    'HTTP checks with all phases over fresh connections, per CPU second, beside blackbox_exporter on the same nginx in the same run.',
  async run({ quick, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'wk-bench-'));
    const started: ChildProcess[] = [];
    try {
      const target = await startNginx(folder, started);
      const blackbox = await startBlackbox(folder, started);
      const rows: BenchRow[] = [];
      for (const scheme of ['http', 'https'] as const) {
        const url = `${scheme}://127.0.0.1:${target[scheme]}/`;
        const count = quick ? 1000 : scheme === 'http' ? 20_000 : 6000;
        const ours: number[] = [];
        const peer: number[] = [];
        for (let round = 0; round < (quick ? 1 : rounds); round++) {
          progress(`round ${round + 1}: ${count} ${scheme} checks by blackbox_exporter`);
          peer.push(await measureBlackbox(blackbox, url, count));
          progress(`round ${round + 1}: ${count} ${scheme} checks by Watchkeeper`);
          ours.push(await measureOurs(url, count));
        }
        const [own, other] = [median(ours), median(peer)];
        rows.push({
          what: scheme === 'http' ? 'checks over http' : 'checks over https, full handshakes',
          ours: own,
          peer: other,
          peerName: 'blackbox_exporter',
          unit: 'checks per CPU second',
          ratio: own / other,
          goal: scheme === 'http' ? 2 : 1,
          note: `median of ${ours.length} rounds of ${count}, ${atOnce} at once`,
        });
      }
      return rows;
    } finally {
      for (const one of started) one.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
export default bench;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function startNginx(folder: string, started: ChildProcess[]): Promise<{ http: number; https: number }> {
  chmodSync(folder, 0o755);
  const ports = { http: await freePort(), https: await freePort() };
  for (const name of ['good.pem', 'good.key']) copyFileSync(new URL(name, certificates), join(folder, name));
  const server = `location / { return 200 'ok'; }`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 1024; }
http { access_log off; ssl_session_cache off; ssl_session_tickets off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen 127.0.0.1:${ports.http} backlog=1024; ${server} }
  server { listen 127.0.0.1:${ports.https} ssl backlog=1024; ssl_certificate ${folder}/good.pem; ssl_certificate_key ${folder}/good.key; ${server} } }\n`,
  );
  started.push(
    spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
      stdio: 'ignore',
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
    }),
  );
  await untilAnswers(`http://127.0.0.1:${ports.http}/`);
  return ports;
}

interface Blackbox {
  readonly pid: number;
  readonly port: number;
}

async function startBlackbox(folder: string, started: ChildProcess[]): Promise<Blackbox> {
  const port = await freePort();
  const config = join(folder, 'blackbox.yml');
  writeFileSync(
    config,
    'modules:\n  http_2xx:\n    prober: http\n    timeout: 5s\n    http:\n      preferred_ip_protocol: ip4\n      tls_config:\n        insecure_skip_verify: true\n',
  );
  const process_ = spawn(
    'prometheus-blackbox-exporter',
    [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
    { stdio: 'ignore' },
  );
  started.push(process_);
  await untilAnswers(`http://127.0.0.1:${port}/`);
  return { pid: process_.pid ?? 0, port };
}

async function untilAnswers(url: string): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${url} does not answer; are nginx and prometheus-blackbox-exporter installed?`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Checks per CPU second of the exporter's process; what it costs to ask for them is not counted. */
async function measureBlackbox({ pid, port }: Blackbox, url: string, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const path = `/probe?module=http_2xx&target=${encodeURIComponent(url)}`;
  const before = processCpuSeconds(pid);
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const text = await get(agent, port, path);
      if (!text.includes('probe_success 1')) throw new Error(`blackbox_exporter did not succeed: ${text.slice(-300)}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  agent.destroy();
  return count / (processCpuSeconds(pid) - before);
}

function get(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ agent, host: '127.0.0.1', port, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

/** Checks per CPU second of a process that does nothing else. */
function measureOurs(url: string, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [child, url, String(count), String(atOnce)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    process_.stdout.on('data', (part: Buffer) => {
      text += part.toString();
    });
    process_.once('close', (code) =>
      code === 0 ? resolve(count / Number(text)) : reject(new Error(`the checks ended with ${code}`)),
    );
  });
}
