import { type AlertNotification, alertSubject, reasonTitle, stateTitles } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { defineChannelType } from '../channel-context.ts';
import { postJson } from '../post-json.ts';

const Options = Type.Object(
  {
    url: Type.Optional(
      Type.String({
        title: 'Webhook address',
        description: 'Incoming webhook of Slack, Mattermost, Rocket.Chat or another that takes the same messages',
        maxLength: 2000,
        pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+([/?][^\\s]*)?$',
      }),
    ),
    credential: Type.Optional(
      Type.String({
        title: 'Credential',
        description:
          'Instead of the address, when only the settings may know it: name of a credential whose token is the address',
        minLength: 1,
        maxLength: 63,
      }),
    ),
  },
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);

export default defineChannelType({
  name: 'slack',
  summary: 'Posts a message to a Slack-compatible incoming webhook.',
  options: Options,
  async send(notification, { url, credential = '' }: Static<typeof Options>, context) {
    const address = url ?? context.credential(credential)?.token;
    if (address === undefined) {
      return { ok: false, error: `the settings have no credential "${credential}" with a token`, isFinal: false };
    }
    return postJson(address, messageOf(notification), context);
  },
});

/** Messages may have 40,000 characters; nobody reads more lines than this anyway. */
const mostLines = 20;
const longestReason = 300;

/** The message: a sentence, then one line per alert, worst first. */
function messageOf({ title, link, alerts }: AlertNotification): { readonly text: string } {
  const lines = alerts.slice(0, mostLines).map((alert) => {
    const { service, environment, rule, state, reason, message } = alert;
    const place = `*${escapeText(service)}* in ${escapeText(environment)}`;
    const subject = rule === null ? place : `*${escapeText(alertSubject(alert))}*`;
    const why = (message ?? (reason === null ? '' : reasonTitle(reason))).slice(0, longestReason);
    return `• ${subject}: ${stateTitles[state]}${why === '' ? '' : ` – ${escapeText(why)}`}`;
  });
  const left = alerts.length - lines.length;
  const rest = [
    ...(left > 0 ? [`… and ${left} more`] : []),
    ...(link === null ? [] : [`<${escapeText(link)}|Open Watchkeeper>`]),
  ];
  return { text: [`*${escapeText(title)}*`, ...lines, ...rest].join('\n') };
}

/** The three characters that mean something in such messages (Slack, "Formatting text for app surfaces"). */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
