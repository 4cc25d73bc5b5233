import type { OutgoingBatch, RefusedEvent, Written } from '@watchkeeper/model';
import { type Static, Type } from 'typebox';
import { credentialName, httpAddress, httpHeaders, lowerCased } from '../option-fields.ts';
import { plainEvent } from '../plain-event.ts';
import { authorizationOf, type HttpSent, noCredential, sendHttp, sendInHalves } from '../send-http.ts';
import { defineSinkType, type SinkContext } from '../sink-context.ts';

const Options = Type.Object(
  {
    url: httpAddress('Address', 'http or https; gets a POST with the events as JSON'),
    headers: httpHeaders(),
    credential: credentialName('Name of a credential in the settings: user and password (Basic) or token (Bearer)'),
  },
  { additionalProperties: false },
);

export default defineSinkType({
  name: 'webhook',
  summary: 'Posts events as JSON to an address.',
  options: Options,
  open: (options, context) => ({
    write: (batch, signal) => write(batch, options, context, signal),
    close: async () => undefined,
  }),
});

async function write(
  batch: OutgoingBatch,
  { url, headers, credential }: Static<typeof Options>,
  context: SinkContext,
  signal: AbortSignal,
): Promise<Written> {
  const found = credential === undefined ? undefined : context.credential(credential);
  if (credential !== undefined && found === undefined) return noCredential(credential);
  const { producer, epoch, firstSeq } = batch;
  const named: RefusedEvent[] = [];
  const written = await sendInHalves(batch.events, async (part, start): Promise<HttpSent> => {
    const body = {
      version: 1,
      ...{ sink: context.sink, producer, epoch, firstSeq: firstSeq + start },
      events: part.map(plainEvent),
    };
    const sent = await sendHttp(
      {
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          ...lowerCased(headers),
          ...(found === undefined ? {} : authorizationOf(found)),
          'x-watchkeeper-batch': `${producer}/${epoch}/${firstSeq + start}`,
        },
        body: JSON.stringify(body),
      },
      context,
      signal,
    );
    if (sent.kind === 'taken')
      named.push(...refusalsIn(sent.body, part.length).map(({ index, reason }) => ({ index: start + index, reason })));
    return sent;
  });
  return written.ok ? { ok: true, refused: [...written.refused, ...named] } : written;
}

/** A receiver may name events that it did not take: `{"refused":[{"index":0,"reason":"…"}]}`. Other answers say nothing. */
function refusalsIn(body: Buffer, count: number): RefusedEvent[] {
  let answer: { refused?: unknown };
  try {
    answer = (JSON.parse(body.toString('utf8')) ?? {}) as { refused?: unknown };
  } catch {
    // Most receivers answer with nothing, or with a text of their own.
    return [];
  }
  const refused = Array.isArray(answer.refused) ? (answer.refused as unknown[]) : [];
  const seen = new Set<number>();
  return refused.flatMap((one) => {
    const { index, reason } = (one ?? {}) as { index?: unknown; reason?: unknown };
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= count) return [];
    if (seen.has(index as number)) return [];
    seen.add(index as number);
    return [{ index: index as number, reason: typeof reason === 'string' ? reason : 'the receiver refused it' }];
  });
}
