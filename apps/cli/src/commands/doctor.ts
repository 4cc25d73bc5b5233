import { statSync } from 'node:fs';
import { createClient } from '@watchkeeper/client';
import { localAccessFile } from '@watchkeeper/client/local-access';
import {
  type DeadLetter,
  deadLetterPage,
  lateReaders,
  listText,
  mayAct,
  missedProcesses,
  type Overview,
  type ProcessList,
  processName,
  unreadText,
  type Zone,
  zonesWithoutWatch,
} from '@watchkeeper/model';
import { Command } from 'commander';
import { dataDirOf, findAccess, type GlobalOptions } from '../connection.ts';
import { milliseconds, paint, print, printJson } from '../output.ts';
import { ownVersion } from '../own-version.ts';

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly message: string;
}

export const doctorCommand = () =>
  new Command('doctor')
    .description('Look for what is wrong between here and the server, and say what to do.')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const findings = await examine(options);
      if (findings.some(({ ok }) => !ok)) process.exitCode = 69;
      if (options.json === true) return printJson(findings);
      for (const { check, ok, message } of findings) {
        print(`${ok ? paint('green', '✓') : paint('red', '×')} ${check.padEnd(16)} ${message}`);
      }
      const bad = findings.filter(({ ok }) => !ok).length;
      print(bad === 0 ? '\nNothing is wrong.' : `\n${bad} of ${findings.length} things need somebody.`);
    });

async function examine(options: GlobalOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const note = (check: string, ok: boolean, message: string) => findings.push({ check, ok, message });
  note('Node.js', Number(process.versions.node.split('.')[0]) >= 24, `version ${process.versions.node}`);
  noteLocalAccess(dataDirOf(options), note);

  let access: ReturnType<typeof findAccess>;
  try {
    access = findAccess(options);
  } catch (error) {
    note('server known', false, (error as Error).message);
    return findings;
  }
  note('server known', true, access.server);
  const client = createClient({ baseUrl: access.server, key: access.key, timeoutMs: 10_000 });
  try {
    const startedMs = performance.now();
    const session = await client.call('getSession');
    note('key works', true, `${session.name}, role ${session.role}, tenant ${session.tenant}`);
    const product = await client.call('getProduct');
    note(
      'server answers',
      true,
      `in ${milliseconds(performance.now() - startedMs)}, roles ${product.roles.join(', ')}`,
    );
    const isSame = product.version === ownVersion;
    note(
      'versions',
      isSame,
      isSame ? `both ${ownVersion}` : `server ${product.version}, this program ${ownVersion}; use the same`,
    );
    const list = await client.call('listProcesses');
    noteZones((await client.call('listZones')).items, list, note);
    noteProcesses(list, note);
    noteSelf((await client.call('getOverview')).self, note);
    if (mayAct(session.role, 'operator')) {
      // What clients send wrong says nothing of Watchkeeper itself.
      const query = { from: 'now-1h', of: 'messages', limit: deadLetterPage } as const;
      noteDeadLetters(await client.call('listDeadLetters', { query }), note);
    }
  } catch (error) {
    note('server answers', false, (error as Error).message);
  }
  return findings;
}

type Note = (check: string, ok: boolean, message: string) => void;

function noteLocalAccess(dataDir: string, note: Note): void {
  const file = localAccessFile(dataDir);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) {
    note('data directory', true, `${dataDir} holds no server’s key: no server of this user has run here`);
    return;
  }
  const mode = stat.mode & 0o777;
  const isPrivate = (mode & 0o077) === 0;
  note(
    'data directory',
    isPrivate,
    isPrivate
      ? `${dataDir}, the key is readable by its owner only`
      : `${file} may be read by others (mode ${mode.toString(8)}): run chmod 600 ${file} and revoke its key`,
  );
}

function noteZones(zones: readonly Zone[], list: ProcessList, note: Note): void {
  const unwatched = zonesWithoutWatch(zones, list);
  note(
    'zones',
    unwatched.length === 0,
    unwatched.length === 0
      ? `watched from ${zones.map(({ name }) => name).join(', ')}`
      : `nobody watches from ${unwatched.join(', ')}: start a process with --zones ${unwatched.join(',')} there`,
  );
}

function noteProcesses(list: ProcessList, note: Note): void {
  const { items } = list;
  const names = (all: ProcessList['items']) => listText(all.map(({ id }) => processName(id, items)));
  const silent = items.filter(({ state }) => state === 'silent');
  const missed = missedProcesses(list);
  const replaced = silent.filter((item) => !missed.includes(item));
  note(
    'processes',
    missed.length === 0,
    missed.length > 0
      ? `${names(missed)} fell silent and nobody took over all of the work: start the process again; \`watchkeeper process list\` shows what lies`
      : `${items.length - silent.length} running${replaced.length === 0 ? '' : `; ${names(replaced)} fell silent and others took over`}`,
  );
  const unread = unreadText(list);
  const late = lateReaders(list).map(
    ({ reader, partition, lagMs }) => `${reader} in partition ${partition} by ${milliseconds(lagMs)}`,
  );
  note(
    'readers',
    unread === '' && late.length === 0,
    unread !== ''
      ? `nobody reads ${unread}: start a process with --roles processor,health; one that is there takes over within 8 s`
      : late.length > 0
        ? `behind the event log: ${listText(late)}; \`watchkeeper process list\` and the log of the process say why`
        : 'every partition of the event log is read',
  );
}

function noteSelf(self: Overview['self'], note: Note): void {
  const age =
    self.newestEventAgeMs === null ? 'no event yet' : `newest event ${milliseconds(self.newestEventAgeMs)} old`;
  note('event log', self.state !== 'failed', `${self.eventsPerSecond.toFixed(1)} events/s, ${age}`);
  note(
    'events dropped',
    self.dropped === 0,
    self.dropped === 0 ? 'none' : `${self.dropped}: the log was away for long`,
  );
}

function noteDeadLetters({ items, next }: { items: readonly DeadLetter[]; next: string | null }, note: Note): void {
  const [newest] = items;
  const count = next === null ? String(items.length) : `more than ${items.length}`;
  note(
    'dead letters',
    newest === undefined,
    newest === undefined
      ? 'none within the last hour'
      : `${count} within the last hour, the newest from ${newest.origin}: ${newest.message}; \`watchkeeper dead-letter list\` shows them`,
  );
}
