import type { Credential } from '@watchkeeper/model';
import { resolveAmqp, resolveKafka } from './brokers.ts';
import { resolveReference, type Settings } from './settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Named credentials with their secrets. @throws WatchkeeperError `settings_invalid` for a reference that leads nowhere */
export function resolveCredentials(
  credentials: Settings['credentials'],
  environment: Environment,
): ReadonlyMap<string, Credential> {
  return new Map(
    Object.entries(credentials).map(([name, { username, password, token }]) => [
      name,
      {
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: resolveReference(password, environment) }),
        ...(token === undefined ? {} : { token: resolveReference(token, environment) }),
      },
    ]),
  );
}

/** The mail server with its password. @throws WatchkeeperError `settings_invalid` for a reference that leads nowhere */
export function resolveMail(mail: Settings['mail'], environment: Environment): Settings['mail'] {
  if (mail?.password === undefined) return mail;
  return { ...mail, password: resolveReference(mail.password, environment) };
}

/** Follows every reference of the settings. @throws WatchkeeperError `settings_invalid` for one that leads nowhere */
export function checkReferences(
  { credentials, mail, databaseUrl, messages, kafka, key }: Settings,
  environment: Environment,
): void {
  resolveAmqp(messages.amqp, environment);
  resolveKafka(kafka, environment);
  resolveCredentials(credentials, environment);
  resolveMail(mail, environment);
  if (key !== undefined) resolveReference(key, environment);
  if (databaseUrl !== undefined) resolveReference(databaseUrl, environment);
}
