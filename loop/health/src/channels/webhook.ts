import type { Credential } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { defineChannelType } from '../channel-context.ts';
import { postJson } from '../post-json.ts';

const Options = Type.Object(
  {
    url: Type.String({
      title: 'Address',
      description: 'http or https; gets a POST with the notification as JSON',
      maxLength: 2000,
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+([/?][^\\s]*)?$',
    }),
    headers: Type.Record(
      Type.String({ pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", maxLength: 100 }),
      Type.String({ pattern: '^[\\t\\x20-\\x7e]*$', maxLength: 2000 }),
      { title: 'Headers', description: 'Sent with every notification', maxProperties: 20, default: {} },
    ),
    credential: Type.Optional(
      Type.String({
        title: 'Credential',
        description: 'Name of a credential in the settings: user and password (Basic) or token (Bearer)',
        minLength: 1,
        maxLength: 63,
      }),
    ),
  },
  { additionalProperties: false },
);

export default defineChannelType({
  name: 'webhook',
  summary: 'Posts the notification as JSON to an address.',
  options: Options,
  async send(notification, { url, headers, credential }: Static<typeof Options>, context) {
    const authorization = credential === undefined ? {} : authorizationOf(context.credential(credential));
    if (authorization === undefined) {
      return { ok: false, error: `the settings have no credential "${credential}"`, isFinal: false };
    }
    const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return postJson(url, notification, context, { ...Object.fromEntries(given), ...authorization });
  },
});

function authorizationOf(found: Credential | undefined): { readonly authorization: string } | undefined {
  if (found === undefined) return undefined;
  if (found.token !== undefined) return { authorization: `Bearer ${found.token}` };
  const pair = `${found.username ?? ''}:${found.password ?? ''}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}
