import { BlockList, isIP } from 'node:net';
import { WatchkeeperError } from '@watchkeeper/model';

export interface EgressPolicy {
  /** Whether loopback and private ranges may be contacted. */
  readonly private: 'allow' | 'deny';
  /** Ranges (CIDR) that may be contacted in any case but for `deny`. */
  readonly allow: readonly string[];
  /** Ranges (CIDR) that may never be contacted. */
  readonly deny: readonly string[];
}

/** Never a target of ours unless a setting says so: RFC 6890 and the IANA special-purpose registries. */
const neverRanges = [
  '0.0.0.0/8', // this network
  '169.254.0.0/16', // link-local; cloud metadata lives here
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved and broadcast
  '::/128', // unspecified
  '100::/64', // discard
  '2001:db8::/32', // documentation
  'fe80::/10', // link-local
  'fec0::/10', // site-local, deprecated
  'ff00::/8', // multicast
];

/** Ranges of one's own: `private` decides. */
const privateRanges = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
];

/** Says of an address whether it may be contacted. IPv4 addresses wrapped in IPv6 are judged by what they wrap. */
export class AddressPolicy {
  readonly #never = ranges(neverRanges);
  readonly #private = ranges(privateRanges);
  readonly #allow: BlockList;
  readonly #deny: BlockList;
  readonly #isPrivateAllowed: boolean;

  /** @throws WatchkeeperError `settings_invalid` for a range that is none. */
  constructor(policy: EgressPolicy) {
    this.#allow = ranges(policy.allow);
    this.#deny = ranges(policy.deny);
    this.#isPrivateAllowed = policy.private === 'allow';
  }

  /** Undefined when the address may be contacted, otherwise why not. */
  refusal(address: string): string | undefined {
    const family = isIP(address);
    if (family === 0) return `${address} is not an address`;
    const wrapped = family === 6 ? wrappedIpv4(address) : undefined;
    for (const candidate of wrapped === undefined ? [address] : [address, wrapped]) {
      const why = this.#refusalOf(candidate);
      if (why !== undefined) return why;
    }
    return undefined;
  }

  #refusalOf(address: string): string | undefined {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (this.#deny.check(address, family)) return `${address} is denied by egress.deny`;
    if (this.#allow.check(address, family)) return undefined;
    if (this.#never.check(address, family))
      return `${address} is in a range that is never contacted (link-local, multicast, reserved)`;
    if (!this.#isPrivateAllowed && this.#private.check(address, family))
      return `${address} is a private address and egress.private is deny`;
    return undefined;
  }
}

function ranges(texts: readonly string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix] = text.split('/');
    const family = isIP(address);
    const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
    if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32)) {
      throw new WatchkeeperError(
        'settings_invalid',
        `"${text}" is not an address range. Write it like 10.0.0.0/8 or fd00::/8.`,
      );
    }
    list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** Prefixes that carry an IPv4 address, and the 16-bit group where it begins. */
const wrappers: readonly { readonly groups: readonly number[]; readonly at: number; readonly isInverted?: true }[] = [
  { groups: [0, 0, 0, 0, 0, 0xffff], at: 6 }, // mapped, RFC 4291
  { groups: [0, 0, 0, 0, 0, 0], at: 6 }, // compatible, deprecated
  { groups: [0, 0, 0, 0, 0xffff, 0], at: 6 }, // translated, RFC 2765
  { groups: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 }, // NAT64, RFC 6052
  { groups: [0x2002], at: 1 }, // 6to4, RFC 3056
  { groups: [0x2001, 0], at: 6, isInverted: true }, // Teredo, RFC 4380
];

function wrappedIpv4(address: string): string | undefined {
  const groups = ipv6Groups(address);
  if (groups[7] === 1 && groups.slice(0, 7).every((group) => group === 0)) return undefined; // ::1 is loopback itself
  for (const { groups: prefix, at, isInverted } of wrappers) {
    if (!prefix.every((group, index) => groups[index] === group)) continue;
    const flip = isInverted ? 0xffff : 0;
    const [high, low] = [(groups[at] as number) ^ flip, (groups[at + 1] as number) ^ flip];
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  return undefined;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ipv6Groups(address: string): number[] {
  const plain = (address.split('%')[0] as string).replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) => `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`,
  );
  const [before = '', after] = plain.split('::');
  const read = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [head, tail] = [read(before), read(after ?? '')];
  return after === undefined ? head : [...head, ...new Array(8 - head.length - tail.length).fill(0), ...tail];
}
