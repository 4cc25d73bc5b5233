import { spawnSync } from 'node:child_process';

/** A network namespace with one address, reached by a pair of virtual devices that can be cut. */
export interface CutNetwork {
  readonly address: string;
  /** Put before a command, it runs within. */
  readonly prefix: readonly string[];
  cut(): void;
  mend(): void;
  remove(): void;
}

/** Why no namespace can be made here; undefined when one can. */
export function whyNoNamespace(): string | undefined {
  const name = `wk-probe-${process.pid}`;
  const { status, stderr, error } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (status !== 0) return (error?.message ?? stderr.trim()) || 'ip netns add failed';
  spawnSync('ip', ['netns', 'del', name]);
  return undefined;
}

export function makeCutNetwork(): CutNetwork {
  const name = `wk${crypto.randomUUID().slice(0, 6)}`;
  const third = 1 + Math.floor(Math.random() * 250);
  const [here, there] = [`10.231.${third}.1`, `10.231.${third}.2`];
  const device = `${name}-a`;
  const ip = (...args: string[]) => {
    const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  };
  ip('netns', 'add', name);
  ip('link', 'add', device, 'type', 'veth', 'peer', 'name', `${name}-b`, 'netns', name);
  ip('addr', 'add', `${here}/30`, 'dev', device);
  ip('link', 'set', device, 'up');
  ip('-n', name, 'addr', 'add', `${there}/30`, 'dev', `${name}-b`);
  ip('-n', name, 'link', 'set', `${name}-b`, 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    address: there,
    prefix: ['ip', 'netns', 'exec', name],
    cut: () => ip('-n', name, 'link', 'set', `${name}-b`, 'down'),
    mend: () => ip('-n', name, 'link', 'set', `${name}-b`, 'up'),
    remove: () => ip('netns', 'del', name),
  };
}
