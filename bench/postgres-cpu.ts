import { readdirSync, readFileSync } from 'node:fs';
import { type Connection, migrateDatabase, openLogClient } from '@watchkeeper/store';

/** Clock ticks per second of /proc/<pid>/stat; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU seconds that a PostgreSQL server has used so far: the postmaster, its children, and those that ended. */
export function serverCpuSeconds(postmasterPid: number): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readStat(Number(entry));
    if (stat === undefined) continue;
    if (stat.pid === postmasterPid) ticks += stat.own + stat.children;
    else if (stat.parent === postmasterPid) ticks += stat.own;
  }
  return ticks / ticksPerSecond;
}

/** CPU seconds that one process has used so far. */
export function processCpuSeconds(pid: number): number {
  return (readStat(pid)?.own ?? 0) / ticksPerSecond;
}

/** CPU seconds of this process so far. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** The postmaster behind a connection: the parent of its backend. */
export async function postmasterPid(connection: Connection): Promise<number> {
  const client = await openLogClient(connection);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const parent = readStat(rows[0]?.pid ?? 0)?.parent;
  await client.end();
  if (parent === undefined) throw new Error('the server does not run on this machine; its CPU time cannot be read');
  return parent;
}

/** A fresh database beside the others of the server, with our schema. */
export async function freshDatabase(server: Connection, name: string): Promise<Connection> {
  const admin = await openLogClient(server);
  await admin.query(`drop database if exists ${admin.escapeIdentifier(name)} with (force)`);
  await admin.query(`create database ${admin.escapeIdentifier(name)}`);
  await admin.query('checkpoint');
  await admin.end();
  const connection = { ...server, database: name };
  await migrateDatabase(connection);
  return connection;
}

function readStat(pid: number): { pid: number; parent: number; own: number; children: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It ended meanwhile.
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return { pid, parent: fields[1] ?? 0, own: utime + stime, children: cutime + cstime };
}
