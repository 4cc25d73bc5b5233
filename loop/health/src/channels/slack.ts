import { type AlertNotification, reasonTitle, stateTitles } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { defineChannelType } from '../channel-context.ts';
import { postJson } from '../post-json.ts';

const Options = Type.Object(
  {
    url: Type.String({
      title: 'Webhook address',
      description: 'Incoming webhook of Slack, Mattermost, Rocket.Chat or another that takes the same messages',
      maxLength: 2000,
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s/@]+([/?][^\\s]*)?$',
    }),
  },
  { additionalProperties: false },
);

export default defineChannelType({
  name: 'slack',
  summary: 'Posts a message to a Slack-compatible incoming webhook.',
  options: Options,
  send: (notification, { url }: Static<typeof Options>, context) => postJson(url, messageOf(notification), context),
});

/** The message: a sentence, then one line per alert. */
function messageOf({ title, link, alerts }: AlertNotification): { readonly text: string } {
  const lines = alerts.map(({ service, environment, state, reason, message }) => {
    const why = message ?? (reason === null ? '' : reasonTitle(reason));
    return `• *${escapeText(service)}* in ${escapeText(environment)}: ${stateTitles[state]}${why === '' ? '' : ` – ${escapeText(why)}`}`;
  });
  const more = link === null ? [] : [`<${link}|Open Watchkeeper>`];
  return { text: [`*${escapeText(title)}*`, ...lines, ...more].join('\n') };
}

/** The three characters that mean something in such messages (Slack, "Formatting text for app surfaces"). */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
