import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** A network of its own, joined to this machine by one wire. */
export interface OwnNetwork {
  readonly name: string;
  /** Address of this machine as the network sees it. */
  readonly gateway: string;
  /** Puts itself before a command that is to run in it. */
  readonly prefix: readonly string[];
  /** Cuts or mends the wire. */
  connect(isConnected: boolean): void;
  remove(): void;
}

/** Makes a network namespace with a veth pair; undefined where that is not possible, with the reason. */
export function makeOwnNetwork(): OwnNetwork | { readonly reason: string } {
  if (process.getuid?.() !== 0) return { reason: 'only root can make a network' };
  const id = randomBytes(3).toString('hex');
  const name = `wk-${id}`;
  const outer = `wkout${id}`;
  const inner = `wkin${id}`;
  const [second, third] = randomBytes(2);
  const gateway = `10.${second}.${third}.1`;
  const steps = [
    ['netns', 'add', name],
    ['link', 'add', outer, 'type', 'veth', 'peer', 'name', inner],
    ['link', 'set', inner, 'netns', name],
    ['addr', 'add', `${gateway}/30`, 'dev', outer],
    ['link', 'set', outer, 'up'],
    ['-n', name, 'addr', 'add', `10.${second}.${third}.2/30`, 'dev', inner],
    ['-n', name, 'link', 'set', inner, 'up'],
    ['-n', name, 'link', 'set', 'lo', 'up'],
  ];
  // With the namespace goes its end of the wire, and with that the other end; a wire that was not moved goes by itself.
  const remove = () => {
    ip(['link', 'delete', outer]);
    ip(['netns', 'delete', name]);
  };
  for (const step of steps) {
    const failure = ip(step);
    if (failure === undefined) continue;
    remove();
    return { reason: `ip ${step.join(' ')}: ${failure}` };
  }
  return {
    name,
    gateway,
    prefix: ['ip', 'netns', 'exec', name],
    connect: (isConnected) => void ip(['link', 'set', outer, isConnected ? 'up' : 'down']),
    remove,
  };
}

/** Runs `ip`; why it failed, or undefined. */
function ip(args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync('ip', args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}
