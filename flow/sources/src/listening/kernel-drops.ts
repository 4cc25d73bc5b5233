import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { endianness } from 'node:os';

/**
 * Datagrams that Linux dropped on their way to a socket since that was opened: nobody read them in time.
 * @returns null where the system does not say
 */
export function readKernelDrops(address: string, port: number): number | null {
  try {
    const table = readFileSync(isIPv6(address) ? '/proc/net/udp6' : '/proc/net/udp', 'latin1');
    return dropsOf(table, addressInTable(address, port));
  } catch {
    // Another system, or one whose tables may not be read: nothing is known.
    return null;
  }
}

/** @param local as the second column of the table has it */
export function dropsOf(table: string, local: string): number | null {
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (columns[1] === local) return Number(columns[12] ?? Number.NaN);
  }
  return null;
}

/** `127.0.0.1`, 8125 → `0100007F:1FBD`: words in the order of the machine's bytes. */
export function addressInTable(address: string, port: number): string {
  const bytes = isIPv6(address) ? bytesOfIpv6(address) : address.split('.').map(Number);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.slice(at, at + 4).map((byte) => byte.toString(16).padStart(2, '0'));
    words.push((endianness() === 'LE' ? word.reverse() : word).join(''));
  }
  return `${words.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function bytesOfIpv6(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}
