import { type Egress, secureContext } from '@watchkeeper/guard';
import { type AlertNotification, reasonTitle, stateTitles } from '@watchkeeper/model';
import { createTransport } from 'nodemailer';
import { type Static, Type } from 'typebox';
import { defineChannelType, type MailServer } from '../channel-context.ts';

const Options = Type.Object(
  {
    to: Type.Array(Type.String({ minLength: 3, maxLength: 254, pattern: '^[^\\s@<>,;"]+@[^\\s@<>,;"]+$' }), {
      title: 'To',
      description: 'Addresses that get the mail',
      minItems: 1,
      maxItems: 50,
      uniqueItems: true,
    }),
  },
  { additionalProperties: false },
);

export default defineChannelType({
  name: 'email',
  summary: 'Sends a mail through the mail server of the settings.',
  options: Options,
  async send(notification, { to }: Static<typeof Options>, { mail, egress, timeoutMs, deliveryId }) {
    if (mail === undefined) {
      return { ok: false, error: 'the settings name no mail server; set mail.host and mail.from', isFinal: false };
    }
    const opened = await openSocket(mail, egress, timeoutMs);
    if (!opened.ok) return { ok: false, error: `${mail.host}:${mail.port}: ${opened.message}`, isFinal: false };
    const transport = createTransport({
      host: mail.host,
      port: mail.port,
      secure: mail.secure,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      ...(mail.username === undefined ? {} : { auth: { user: mail.username, pass: mail.password ?? '' } }),
      // The connection comes from the one door for outgoing connections.
      getSocket: (_options: unknown, callback: (error: Error | null, socket: object) => void) =>
        callback(null, { connection: opened.socket, secured: mail.secure }),
    } as Parameters<typeof createTransport>[0]);
    try {
      const { response } = await transport.sendMail({
        from: mail.from,
        to,
        subject: `[Watchkeeper] ${notification.title}`,
        text: textOf(notification),
        headers: { 'X-Watchkeeper-Delivery': deliveryId, 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      return { ok: true, answer: `${mail.host} answered ${response}` };
    } catch (error) {
      const { message, responseCode } = error as Error & { responseCode?: number };
      // 5yz is a refusal for good (RFC 5321, 4.2.1).
      const isFinal = responseCode !== undefined && responseCode >= 550 && responseCode < 560;
      return { ok: false, error: `${mail.host}:${mail.port}: ${message}`, isFinal };
    } finally {
      transport.close();
      opened.socket.destroy();
    }
  },
});

async function openSocket({ host, port, secure }: MailServer, egress: Egress, timeoutMs: number) {
  const signal = AbortSignal.timeout(timeoutMs);
  const connected = await egress.connect({ host, port, signal });
  if (!connected.ok || !secure) return connected;
  const context = secureContext({ minVersion: 'TLSv1.2' });
  return egress.secure(connected.socket, { servername: host, context, verify: true, signal });
}

function textOf({ title, link, alerts, sentAt }: AlertNotification): string {
  const lines = alerts.flatMap(({ service, environment, state, reason, message, openedAt, monitors }) => [
    `${service} in ${environment}: ${stateTitles[state]}, since ${openedAt}`,
    `  ${message ?? (reason === null ? 'no reason is known' : reasonTitle(reason))}`,
    ...monitors.map(
      (monitor) =>
        `  - ${monitor.name}: ${stateTitles[monitor.state]}${monitor.message === null ? '' : `, ${monitor.message}`}`,
    ),
    '',
  ]);
  return [title, '', ...lines, ...(link === null ? [] : [link, '']), `Sent ${sentAt} by Watchkeeper.`].join('\n');
}
