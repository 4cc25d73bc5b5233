import { describe, expect, it } from 'vitest';
import { AddressPolicy } from './address-policy.ts';

const publicOnly = new AddressPolicy({ private: 'deny', allow: [], deny: [] });
const byDefault = new AddressPolicy({ private: 'allow', allow: [], deny: [] });

describe('Addresses that may be contacted', () => {
  it.each([
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '240.0.0.1',
    '::',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('never %s, whatever form hides it', (address) => expect(byDefault.refusal(address)).toBeDefined());

  it.each([
    '127.0.0.1',
    '127.255.0.9',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
  ])('%s only where private ranges are allowed', (address) => {
    expect(publicOnly.refusal(address)).toBeDefined();
    expect(byDefault.refusal(address)).toBeUndefined();
  });

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])('%s always', (address) =>
    expect(publicOnly.refusal(address)).toBeUndefined(),
  );

  it('a range of one’s own is allowed by a setting, and one that is denied stays so', () => {
    const policy = new AddressPolicy({
      private: 'deny',
      allow: ['10.0.0.0/8', '169.254.0.0/16'],
      deny: ['10.66.0.0/16'],
    });
    expect(policy.refusal('10.1.1.1')).toBeUndefined();
    expect(policy.refusal('169.254.1.1')).toBeUndefined();
    expect(policy.refusal('10.66.1.1')).toBeDefined();
    expect(policy.refusal('192.168.1.1')).toBeDefined();
  });

  it('a range that is none is refused at the start', () => {
    expect(() => new AddressPolicy({ private: 'allow', allow: ['10.0.0.0/99'], deny: [] })).toThrow(/10\.0\.0\.0\/99/);
  });
});
