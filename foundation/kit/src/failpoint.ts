/**
 * Failpoints stand at each commit border so that crash tests are exact. They do nothing until armed by
 * `WK_FAILPOINT=name:kill` (or `name:kill@3`: at the third passing; `name:stop@3` stops the process, until somebody lets
 * it go on). Only apps read the environment.
 */
export const failpointNames = [
  'log.before-commit',
  'log.after-commit',
  'log.after-series',
  'processor.before-commit',
  'processor.after-commit',
  'health.before-commit',
  'health.after-commit',
  'rules.before-commit',
  'rules.after-commit',
  'alert.before-send',
  'alert.after-send',
  'notifier.before-send',
  'notifier.before-mark',
  'notifier.after-mark',
  'buffer.before-sync',
  'buffer.after-sync',
  'buffer.before-delete',
  'file.before-rename',
  'sink.before-write',
  'sink.after-write',
  'sink.after-commit',
] as const;
export type FailpointName = (typeof failpointNames)[number];

let armed: { readonly name: string; readonly signal: 'SIGKILL' | 'SIGSTOP'; passingsLeft: number } | undefined;

/** Arms one failpoint. @throws RangeError for a text that names none. */
export function armFailpoint(specification: string): void {
  const [, name, action, count] = /^([a-z.-]+):(kill|stop)(?:@(\d+))?$/.exec(specification) ?? [];
  if (name === undefined || !(failpointNames as readonly string[]).includes(name)) {
    throw new RangeError(
      `WK_FAILPOINT "${specification}" is not <name>:kill[@n] or <name>:stop[@n] with a name of: ${failpointNames.join(', ')}`,
    );
  }
  armed = { name, signal: action === 'kill' ? 'SIGKILL' : 'SIGSTOP', passingsLeft: Number(count ?? 1) };
}

/** Kills or stops the process when this failpoint is armed and due. */
export function failpoint(name: FailpointName): void {
  if (armed?.name !== name) return;
  armed.passingsLeft -= 1;
  if (armed.passingsLeft === 0) process.kill(process.pid, armed.signal);
}
