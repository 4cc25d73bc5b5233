import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** So much of an OpenStack cloud as its SDK needs to sign in and list servers. */
export interface FakeCloud {
  readonly url: string;
  /** The address of its identity service. */
  readonly authUrl: string;
  /** Calls of its compute service so far, the one for its versions left out. */
  readonly calls: string[];
  close(): Promise<void>;
}

export async function startFakeCloud(): Promise<FakeCloud> {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const place = `${request.method} ${(request.url ?? '').replace(/\?.*$/, '').replace(/\/$/, '')}`;
    if (/^\S+ \/compute\/v2\.1\/./.test(place)) calls.push(place);
    answer(place, response, url);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url, calls },
    authUrl: `${url}/identity/v3`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function answer(place: string, response: ServerResponse, url: string): void {
  const send = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  const links = (path: string) => [{ rel: 'self', href: `${url}${path}/` }];
  if (place === 'GET /identity/v3')
    send(200, { version: { id: 'v3.14', status: 'stable', links: links('/identity/v3') } });
  else if (place === 'POST /identity/v3/auth/tokens') send(201, token(url), { 'x-subject-token': 'a-token' });
  else if (place === 'GET /compute/v2.1')
    send(200, {
      version: { id: 'v2.1', status: 'CURRENT', version: '2.90', min_version: '2.1', links: links('/compute/v2.1') },
    });
  else if (place === 'GET /compute/v2.1/servers/detail') send(200, { servers: [] });
  else if (place === 'GET /compute/v2.1/flavors/detail') send(503, { message: 'the service is being upgraded' });
  else send(404, { itemNotFound: { message: 'there is no such thing', code: 404 } });
}

function token(url: string) {
  const project = { id: '0f0e0d0c0b0a09080706050403020100', name: 'demo', domain: { id: 'default', name: 'Default' } };
  const endpoint = (path: string) => [
    { id: path, interface: 'public', region: 'one', region_id: 'one', url: url + path },
  ];
  return {
    token: {
      ...{ methods: ['password'], project, is_domain: false, roles: [{ id: 'r', name: 'member' }] },
      ...{ issued_at: '2026-01-01T00:00:00.000000Z', expires_at: '2099-01-01T00:00:00.000000Z' },
      user: { id: 'u', name: 'demo', domain: { id: 'default', name: 'Default' } },
      catalog: [
        { id: 'identity', name: 'keystone', type: 'identity', endpoints: endpoint('/identity/v3') },
        { id: 'compute', name: 'nova', type: 'compute', endpoints: endpoint('/compute/v2.1') },
      ],
    },
  };
}
