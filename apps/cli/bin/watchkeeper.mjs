#!/usr/bin/env node
// Runs under any Node.js since 18: finds Node.js 24 or newer and hands over to it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const needed = 24;
const sources = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const built = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const program = existsSync(built) ? built : sources;
/** Set for the process that was handed over to; its launcher holds the other end of this file descriptor. */
const handedOver = 'WK_LAUNCHER_FD';

function bundledNode() {
  try {
    const require = createRequire(import.meta.url);
    const file = require
      .resolve(`node-${process.platform}-${process.arch}/package.json`)
      .replace(/package\.json$/, 'bin/node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Ends this process as its launcher was ended: whoever sends kill -9 to the launcher knows of no other process. */
function endWithLauncher(fd) {
  const launcher = new Socket({ fd, readable: true, writable: false });
  launcher.on('error', () => undefined);
  // The pipe closes only when the launcher is gone: it lives as long as this process does.
  launcher.on('close', () => process.kill(process.pid, 'SIGKILL'));
  launcher.resume();
  launcher.unref();
}

if (Number(process.versions.node.split('.')[0]) >= needed) {
  const fd = process.env[handedOver];
  delete process.env[handedOver];
  if (fd !== undefined) endWithLauncher(Number(fd));
  await import(program);
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `Watchkeeper needs Node.js ${needed} or newer; this is ${process.versions.node} at ${process.execPath}. Install it from your system or nodejs.org, or run \`npm ci\` without --omit=optional.\n`,
    );
    process.exit(78);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [handedOver]: '3' },
  });
  // A terminal sends Ctrl-C to both; what is sent to this process alone is passed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.on('close', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Ends by the same signal, so that whoever waits sees what happened.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
