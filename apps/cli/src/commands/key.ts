import { type Role, roles } from '@watchkeeper/model';
import { Command, Option } from 'commander';
import { connect } from '../connection.ts';
import { instant, print, printAside, printJson, printTable } from '../output.ts';

const listCommand = () =>
  new Command('list').description('List API keys; never their secrets.').action(async (_options, command: Command) => {
    const { client, isJson } = connect(command);
    const { items } = await client.call('listKeys');
    if (isJson) return printJson(items);
    printTable(
      ['ID', 'NAME', 'ROLE', 'TENANT', 'MADE (UTC)', 'EXPIRES (UTC)', 'LAST USED (UTC)', 'REVOKED (UTC)'],
      items.map((key) => [
        key.id,
        key.name,
        key.role,
        key.tenant,
        instant(key.createdAt),
        key.expiresAt === null ? 'never' : instant(key.expiresAt),
        instant(key.lastUsedAt),
        instant(key.revokedAt),
      ]),
      'There are no keys.',
    );
  });

interface CreateFlags {
  readonly name: string;
  readonly role: Role;
  readonly tenant?: string;
  readonly expiresIn?: string;
}

const createCommand = () =>
  new Command('create')
    .description('Make an API key; it is shown once.')
    .requiredOption('--name <name>', 'what it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).default('viewer'))
    .option('--tenant <tenant>', 'tenant it acts in; made when it is not there (default)')
    .option('--expires-in <duration>', 'how long it is valid, such as 90d; for ever when left out')
    .action(async ({ name, role, tenant, expiresIn }: CreateFlags, command: Command) => {
      const { client, isJson } = connect(command);
      const made = await client.call('createKey', {
        body: {
          name,
          role,
          ...(tenant === undefined ? {} : { tenant }),
          ...(expiresIn === undefined ? {} : { expiresIn }),
        },
      });
      if (isJson) return printJson(made);
      print(made.secret);
      printAside(`\nThis is the only time the key is shown. It has the role ${role} in tenant ${made.key.tenant}.`);
    });

const revokeCommand = () =>
  new Command('revoke')
    .description('Revoke a key and the sessions that were opened with it.')
    .argument('<id>', 'its identifier; `watchkeeper key list` shows it')
    .action(async (id: string, _options, command: Command) => {
      const { client, isJson } = connect(command);
      await client.call('revokeKey', { params: { id } });
      if (isJson) return printJson({ revoked: id });
      print(`Revoked key ${id}.`);
    });

export const keyCommand = () =>
  new Command('key')
    .description('API keys.')
    .addCommand(listCommand())
    .addCommand(createCommand())
    .addCommand(revokeCommand());

export const loginLinkCommand = () =>
  new Command('login-link')
    .description('Make a one-time sign-in link for the browser.')
    .addOption(
      new Option('--role <role>', 'what it may do').choices(['viewer', 'editor', 'operator', 'admin']).default('admin'),
    )
    .option('--expires-in <duration>', 'how long it works, at most 1h', '10m')
    .action(async ({ role, expiresIn }: { role: Role; expiresIn: string }, command: Command) => {
      const { client, isJson } = connect(command);
      const link = await client.call('createLoginLink', { body: { role, expiresIn } });
      if (isJson) return printJson(link);
      print(`${link.url}\n\nIt works once, until ${instant(link.expiresAt)} UTC.`);
    });
