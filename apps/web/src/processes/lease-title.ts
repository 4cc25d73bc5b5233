/** What a lease is the right to, in words: `processor/3` → Partition 3 for processor. */
export function leaseTitle(name: string): string {
  const [kind = '', what = '', tenant] = name.split('/');
  if (kind === 'scheduler') return `Checks from ${what}${tenant === undefined ? '' : ` for ${tenant}`}`;
  if (/^\d+$/.test(what)) return `Partition ${what} for ${kind}`;
  if (name === 'health-sweep') return 'Looking for silence';
  return name === 'maintenance' ? 'Maintenance' : name;
}
