import { expect, it } from 'vitest';
import { ensureTopic } from './topic.ts';

it('a start without a broker says what to do, and promises nothing', async () => {
  const wanted = { topic: 't', partitions: 1, replicas: 1, minInSyncReplicas: 1, retentionMs: 1000 };
  // Nobody listens on port 1.
  const connection = { brokers: ['127.0.0.1:1'], clientId: 'test' };
  await expect(ensureTopic(connection, wanted)).rejects.toMatchObject({
    code: 'log_unavailable',
    message: expect.stringMatching(
      /^Kafka at 127\.0\.0\.1:1 could not do this: preparing the topic "t" .*Check that the brokers run and that kafka\.brokers names them, then start again\.$/,
    ),
  });
});
