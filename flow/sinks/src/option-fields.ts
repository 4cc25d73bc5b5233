import { Type } from 'typebox';

/** Fields that the options of several sink types share. */

export const httpAddress = (title: string, description: string) =>
  Type.String({ title, description, maxLength: 2000, pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+([/?][^\\s]*)?$' });

export const hostName = () =>
  Type.String({ title: 'Host', description: 'Name or address', minLength: 1, maxLength: 255, pattern: '^[^\\s/]+$' });

export const portNumber = (initial: number) =>
  Type.Integer({ title: 'Port', minimum: 1, maximum: 65_535, default: initial });

export const credentialName = (description: string) =>
  Type.Optional(Type.String({ title: 'Credential', description, minLength: 1, maxLength: 63 }));

export const httpHeaders = () =>
  Type.Record(
    Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", maxLength: 100 }),
    Type.String({ pattern: '^[\\t\\x20-\\x7e]*$', maxLength: 2000 }),
    { title: 'Headers', description: 'Sent with every request', maxProperties: 20, default: {} },
  );

/** Names of headers are case-insensitive; ours are in lower case. */
export const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
