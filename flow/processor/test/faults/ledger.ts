import { fileURLToPath } from 'node:url';
import { until } from '../../../../scripts/servers/server-process.ts';
import { type RunningChild, startChild } from './child-process.ts';
import type { LogPlace } from './log-place.ts';
import type { ProducersTask } from './producers-child.ts';

const program = fileURLToPath(new URL('./producers-child.ts', import.meta.url));

interface Account {
  epoch: number;
  /** Highest number that was acknowledged; all below it were, too. */
  acked: number;
}

interface Group {
  readonly names: readonly string[];
  readonly child: RunningChild;
  /** Producers that the child has opened. */
  opened: number;
}

/** Producers in two processes that send numbered events, and what was acknowledged to them. */
export class Ledger {
  readonly #place: LogPlace;
  readonly #eventsPerSecond: number;
  readonly #groups: Group[] = [];
  readonly accounts = new Map<string, Account>();
  /** How often each code was the answer. */
  readonly failures = new Map<string, number>();

  constructor(place: LogPlace, { eventsPerSecond = 5000, processes = 2 } = {}) {
    this.#place = place;
    this.#eventsPerSecond = eventsPerSecond / processes;
    for (let group = 0; group < processes; group++) {
      const names = Array.from({ length: 4 }, (_, index) => `ledger-${group}-${index}`);
      for (const name of names) this.accounts.set(name, { epoch: 0, acked: 0 });
      this.#groups.push(this.#start(names));
    }
  }

  /** Events acknowledged so far. */
  get acked(): number {
    return [...this.accounts.values()].reduce((sum, { acked }) => sum + acked, 0);
  }

  /** Kills a process of producers and starts it again, to send what was not acknowledged under the same identity. */
  async killAndRestart(group: number, dieAt?: ProducersTask['dieAt']): Promise<void> {
    const one = this.#groups[group] as Group;
    await one.child.end('SIGKILL');
    this.#groups[group] = this.#start(one.names, dieAt);
  }

  /** Resolves when all producers have begun since the last start. @throws Error when some ended before */
  async heard(withinMs = 30_000): Promise<void> {
    const isOpen = ({ opened, names }: Group) => opened === names.length;
    const early = this.#groups.map(async (group) => {
      const { code, signal } = await group.child.ended;
      if (!isOpen(group)) throw new Error(`producers ended with ${code ?? signal}: ${group.child.complaints()}`);
    });
    const opened = until('all producers to be open', () => this.#groups.every(isOpen), { withinMs });
    await Promise.race([opened, Promise.all(early).then(() => opened)]);
  }

  /** Resolves when a process of producers has ended by itself. */
  async ended(group: number): Promise<void> {
    await this.#groups[group]?.child.ended;
  }

  /** Resolves when everything that was sent is acknowledged. */
  async stop(): Promise<void> {
    await this.heard();
    const ending = Promise.all(this.#groups.map(({ child }) => child.end('SIGTERM')));
    let isOver = false;
    void ending.then(() => {
      isOver = true;
    });
    await until('producers to end', () => isOver, { withinMs: 30_000 });
    for (const { child } of this.#groups) {
      const { code } = await child.ended;
      if (code !== 0) throw new Error(`producers ended with ${code}: ${child.complaints()}`);
    }
  }

  async kill(): Promise<void> {
    await Promise.all(this.#groups.map(({ child }) => child.end('SIGKILL')));
  }

  #start(names: readonly string[], dieAt?: ProducersTask['dieAt']): Group {
    const task: ProducersTask = {
      place: this.#place,
      producers: names.map((name) => {
        const { epoch = 0, acked = 0 } = this.accounts.get(name) ?? {};
        return { name, epoch, firstSeq: acked + 1 };
      }),
      eventsPerSecond: this.#eventsPerSecond,
      ...(dieAt === undefined ? {} : { dieAt }),
    };
    const group: Group = {
      ...{ names, opened: 0 },
      child: startChild(program, [JSON.stringify(task)], { onLine: (line) => this.#note(group, line) }),
    };
    return group;
  }

  #note(group: Group, line: string): void {
    const [what, name = '', value = ''] = line.split(' ');
    const account = this.accounts.get(name);
    if (account === undefined) return;
    if (what === 'opened') {
      account.epoch = Number(value);
      group.opened += 1;
    }
    if (what === 'acked') account.acked = Number(value);
    if (what === 'failed') this.failures.set(value, (this.failures.get(value) ?? 0) + 1);
  }
}
