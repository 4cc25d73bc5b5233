import { describe, expect, it } from 'vitest';
import { addressInTable, dropsOf } from './kernel-drops.ts';

const table = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  163: 0100007F:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 20912 2 0000000000000000 0
  164: 00000000:1FBD 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 20913 2 0000000000000000 1234
`;

describe('Datagrams that the system dropped', () => {
  it.each([
    ['127.0.0.1', 0],
    ['0.0.0.0', 1234],
    ['127.0.0.2', null],
  ])('are read for %s', (address, drops) => {
    expect(dropsOf(table, addressInTable(address, 8125))).toBe(drops);
  });

  it('are found by addresses of both versions', () => {
    expect(addressInTable('::1', 8125)).toBe('00000000000000000000000001000000:1FBD');
    expect(addressInTable('::', 8089)).toBe('00000000000000000000000000000000:1F99');
    expect(addressInTable('2001:db8::a:1', 8125)).toBe('B80D01200000000000000000' + '01000A00' + ':1FBD');
  });
});
