import { expect, it } from 'vitest';
import { openHttpTarget } from '../../test/http-target.ts';
import { aBatch, aContext, someEvents } from '../../test/outgoing.ts';
import { describeSinkContract } from '../../test/sink-contract.ts';
import type { PlainEvent } from '../plain-event.ts';
import webhook from './webhook.ts';

interface Body {
  readonly firstSeq: number;
  readonly events: readonly PlainEvent[];
}

async function openTarget() {
  const target = await openHttpTarget();
  return {
    ...target,
    options: { url: `${target.url}/in`, headers: {} },
    bodies: () => target.taken.map(({ body }) => JSON.parse(body.toString()) as Body),
    values: () =>
      target.taken
        .flatMap(({ body }) => (JSON.parse(body.toString()) as Body).events)
        .flatMap(({ values }) => values.durationMs ?? []),
  };
}

describeSinkContract(webhook, { openTarget, sentTwice: 'twice' });

it('A webhook gets events with an identity by which it can drop repetitions, its own headers and the credential', async () => {
  const target = await openTarget();
  const context = aContext({ credential: () => ({ token: 'secret' }) });
  const options = { ...target.options, headers: { 'X-Team': 'web' }, credential: 'c' };
  const sink = webhook.open(options, context);
  await sink.write(aBatch(someEvents(2), { firstSeq: 7, epoch: 3 }), new AbortController().signal);
  expect(target.taken[0]?.headers).toMatchObject({
    ...{ 'x-team': 'web', authorization: 'Bearer secret', 'content-type': 'application/json' },
    'x-watchkeeper-batch': 'sink/default/out/0/3/7',
  });
  expect(target.bodies()[0]).toMatchObject({
    ...{ version: 1, sink: 'default/out', producer: 'sink/default/out/0', epoch: 3, firstSeq: 7 },
    events: [
      { id: '0-1', name: 'monitor.checked', outcome: 'ok', labels: { service: 'shop' }, values: { durationMs: 1 } },
      { id: '0-2' },
    ],
  });
  await target.close();
});

it('A webhook may name the events that it refuses; an index that there is not, or one named twice, counts for nothing', async () => {
  const target = await openTarget();
  const refused = [{ index: 1, reason: 'too old' }, { index: 1 }, { index: 9 }, { index: -1 }, null, { index: 'x' }];
  target.answer(() => ({ status: 200, body: JSON.stringify({ refused }) }));
  const sink = webhook.open(target.options, aContext());
  expect(await sink.write(aBatch(someEvents(3)), new AbortController().signal)).toEqual({
    ok: true,
    refused: [{ index: 1, reason: 'too old' }],
  });
  await target.close();
});

it('A webhook whose credential is not there is tried again', async () => {
  const sink = webhook.open({ url: 'http://127.0.0.1:9/', headers: {}, credential: 'none' }, aContext());
  expect(await sink.write(aBatch(someEvents(1)), new AbortController().signal)).toEqual({
    ok: false,
    error: 'the settings have no credential "none" that this target can use',
  });
});
