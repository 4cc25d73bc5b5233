import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WatchkeeperError } from '@watchkeeper/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings, resolveReference } from '../src/settings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wk-settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (text: string) => {
  const path = join(folder, 'settings.yaml');
  writeFileSync(path, text);
  return path;
};
const refusal = (text: string): string => {
  try {
    loadSettings({ flags: {}, environment: {}, file: file(text) });
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '');
  }
  throw new Error('the settings were not refused');
};

describe('Settings', () => {
  it('come from flags, then the environment, then the file, then the defaults, and say from where', () => {
    const { settings, origins } = loadSettings({
      flags: { listen: '127.0.0.1:1' },
      environment: { WATCHKEEPER_LISTEN: '127.0.0.1:2', WATCHKEEPER_ZONES: 'a,b', PORT: '3' },
      file: file('listen: 127.0.0.1:4\nzones: [c]\nroles: [api]\n'),
    });
    expect([settings.listen, settings.zones, settings.roles, settings.log.level]).toEqual([
      '127.0.0.1:1',
      ['a', 'b'],
      ['api'],
      'info',
    ]);
    expect([origins.listen, origins.zones, origins.log]).toEqual(['flag', 'environment WATCHKEEPER_ZONES', 'default']);
    expect(origins.roles).toMatch(/^file /);
    expect(() => {
      (settings as { listen: string }).listen = 'x';
    }).toThrow();
  });

  it('say from where a nested value comes, also where the rest of it is a default', () => {
    const { origins } = loadSettings({
      ...{ flags: {}, environment: {} },
      file: file('eventLog:\n  kafka: { mappings: [{ name: { text: x } }] }\n'),
    });
    const from = (place: string) => origins[place]?.replace(/ .*/, '');
    expect(['eventLog.driver', 'eventLog.kafka.topic'].map(from)).toEqual(['default', 'default']);
    expect(['eventLog', 'eventLog.kafka.mappings', 'eventLog.kafka.mappings.0.name.text'].map(from)).toEqual([
      'file',
      'file',
      'file',
    ]);
    expect(from('eventLog.kafka.mappings.0.values')).toBe('default');
  });

  it('take PORT and DATABASE_URL from platforms that set them, unless our own names say otherwise', () => {
    const { settings } = loadSettings({ flags: {}, environment: { PORT: '8080', DATABASE_URL: 'postgres://x/y' } });
    expect([settings.listen, settings.databaseUrl]).toEqual(['0.0.0.0:8080', 'postgres://x/y']);
  });

  it('take the server of the command line from the environment only where the role is scheduler', () => {
    const environment = { WATCHKEEPER_SERVER: 'http://there:7300', WATCHKEEPER_KEY: 'wk_x' };
    expect(loadSettings({ flags: {}, environment }).settings).not.toHaveProperty('server');
    const remote = { ...environment, WATCHKEEPER_KEY: 'env:KEY', WATCHKEEPER_ROLES: 'scheduler' };
    const { settings, origins } = loadSettings({ flags: {}, environment: remote });
    expect([settings.server, settings.key]).toEqual(['http://there:7300', 'env:KEY']);
    expect(origins.server).toBe('environment WATCHKEEPER_SERVER');
    const withDatabase = { ...remote, WATCHKEEPER_DATABASE_URL: 'postgres://x/y' };
    expect(loadSettings({ flags: {}, environment: withDatabase }).settings).not.toHaveProperty('server');
  });

  const examples = new URL('./bad-settings/', import.meta.url);
  it.each(readdirSync(examples).filter((name) => name.endsWith('.yaml')))(
    'refuse %s with the message that it names',
    (name) => {
      const text = readFileSync(new URL(name, examples), 'utf8');
      const expected = [...text.matchAll(/^# expect: (.+)$/gm)].map(([, message]) => message);
      const message = refusal(text);
      expect(expected.length).toBeGreaterThan(0);
      for (const part of expected) expect(message).toContain(part);
    },
  );

  it('name the roles that there are, once, when one is none of them', () => {
    const refused = (roles: string) => {
      try {
        loadSettings({ flags: { roles: roles.split(',') as never }, environment: {} });
      } catch (error) {
        return (error as WatchkeeperError).problems.map(({ message }) => message);
      }
      throw new Error('the roles were not refused');
    };
    const known = 'must be one of api, scheduler, listener, processor, forwarder, health';
    expect(refused('banana')).toEqual([`roles.0 (flag) ${known}`]);
    expect(refused('api,schedular')).toEqual([`roles.1 (flag) ${known}; did you mean "scheduler"?`]);
  });

  it('give secrets by reference', () => {
    const secret = file('s3cret\n');
    expect(resolveReference('env:TOKEN', { TOKEN: 't' })).toBe('t');
    expect(resolveReference(`file:${secret}`, {})).toBe('s3cret');
    expect(() => resolveReference('env:TOKEN', {})).toThrow(/TOKEN, which is not set/);
    expect(() => resolveReference('file:/no/such/file', {})).toThrow(/cannot be read/);
  });

  it('in a file that is not there are an error that names it', () => {
    expect(() => loadSettings({ flags: {}, environment: {}, file: '/no/such.yaml' })).toThrow(
      /no\/such\.yaml cannot be read/,
    );
  });
});
