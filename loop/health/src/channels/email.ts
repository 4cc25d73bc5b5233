import { type Egress, secureContext } from '@watchkeeper/guard';
import { type AlertNotification, alertSubject, reasonTitle, stateTitles } from '@watchkeeper/model';
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
    // One deadline for all of it: a server that is slow at every step must not outlast the claim on the delivery.
    const deadline = AbortSignal.timeout(timeoutMs);
    const opened = await openSocket(mail, egress, deadline);
    if (!opened.ok) return { ok: false, error: `${mail.host}:${mail.port}: ${opened.message}`, isFinal: false };
    const { socket } = opened;
    const transport = createTransport({
      host: mail.host,
      port: mail.port,
      secure: mail.secure,
      ...(mail.username === undefined ? {} : { auth: { user: mail.username, pass: mail.password ?? '' } }),
      // The connection comes from the one door for outgoing connections.
      getSocket: (_options: unknown, callback: (error: Error | null, socket: object) => void) =>
        callback(null, { connection: socket, secured: mail.secure }),
    } as Parameters<typeof createTransport>[0]);
    const cut = () => socket.destroy();
    deadline.addEventListener('abort', cut, { once: true });
    try {
      const { response, rejected } = (await transport.sendMail({
        from: mail.from,
        to,
        subject: `[Watchkeeper] ${notification.title}`,
        text: textOf(notification),
        // The same at every attempt: mail servers and readers drop what they have already.
        messageId: `<${deliveryId}@${
          mail.from
            .split('@')
            .at(-1)
            ?.replace(/[^A-Za-z0-9.-]/g, '') || 'watchkeeper'
        }>`,
        headers: { 'X-Watchkeeper-Delivery': deliveryId, 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      })) as { response: string; rejected: readonly (string | { address: string })[] };
      const refused = rejected.map((one) => (typeof one === 'string' ? one : one.address));
      const note = refused.length === 0 ? '' : `; it refused ${refused.join(', ')}`;
      return { ok: true, answer: `${mail.host} answered ${response}${note}` };
    } catch (error) {
      const { message, responseCode } = error as Error & { responseCode?: number };
      const said = deadline.aborted ? `the mail was not taken within ${timeoutMs} ms` : message;
      // 5yz is a refusal for good (RFC 5321, 4.2.1); a wrong password (53z) is for the operator to repair.
      const isFinal = !deadline.aborted && responseCode !== undefined && responseCode >= 550 && responseCode < 560;
      return { ok: false, error: `${mail.host}:${mail.port}: ${said}`, isFinal };
    } finally {
      deadline.removeEventListener('abort', cut);
      transport.close();
      socket.destroy();
    }
  },
});

async function openSocket({ host, port, secure }: MailServer, egress: Egress, signal: AbortSignal) {
  const connected = await egress.connect({ host, port, signal });
  if (!connected.ok || !secure) return connected;
  const context = secureContext({ minVersion: 'TLSv1.2' });
  return egress.secure(connected.socket, { servername: host, context, verify: true, signal });
}

function textOf({ title, link, alerts, sentAt }: AlertNotification): string {
  const lines = alerts.flatMap(({ state, reason, message, openedAt, monitors, ...place }) => [
    `${alertSubject(place)}: ${stateTitles[state]}, since ${openedAt}`,
    `  ${message ?? (reason === null ? 'no reason is known' : reasonTitle(reason))}`,
    ...monitors.map(
      (monitor) =>
        `  - ${monitor.name}: ${stateTitles[monitor.state]}${monitor.message === null ? '' : `, ${monitor.message}`}`,
    ),
    '',
  ]);
  return [title, '', ...lines, ...(link === null ? [] : [link, '']), `Sent ${sentAt} by Watchkeeper.`].join('\n');
}
