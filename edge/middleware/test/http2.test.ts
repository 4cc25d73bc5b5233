import { type ClientHttp2Session, connect, constants, createServer, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HttpMetrics } from '../src/index.ts';
import { measured } from '../src/node.ts';

let metrics: HttpMetrics;
let server: Http2Server;
let client: ClientHttp2Session;
beforeEach(async () => {
  metrics = new HttpMetrics();
  const listener = measured(metrics, (request, response) => {
    if (request.url !== '/wait') request.resume().once('end', () => response.end('hello'));
  });
  // Requests and responses of HTTP/2 are those of HTTP/1 in all that is used.
  server = createServer(listener as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function untilTold(line: string): Promise<string> {
  const deadlineMs = performance.now() + 5000;
  for (;;) {
    const text = await metrics.text();
    if (text.includes(`${line}\n`)) return text;
    if (performance.now() > deadlineMs) throw new Error(`waited 5 s for ${line}:\n${text}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

it('requests over HTTP/2 are measured too, with bodies and clients that go away', async () => {
  const sent = client.request({ ':path': '/', ':method': 'POST' });
  sent.resume().end('12345');
  const made = '{method="POST",route="none",status="200"}';
  const text = await untilTold(`http_requests_total${made} 1`);
  expect(text).toContain(`http_request_size_bytes_sum${made} 5\n`);
  expect(text).toContain(`http_response_size_bytes_sum${made} 5\n`);
  const left = client.request({ ':path': '/wait' });
  left.on('error', () => undefined);
  await untilTold('http_requests_in_flight 1');
  left.close(constants.NGHTTP2_CANCEL);
  await untilTold('http_requests_total{method="GET",route="none",status="499"} 1');
});
