import { expect, test } from '@jest/globals';
import type { ApiResponse, DeferredResponse } from '../../../../src/cluster/apiserver/types.ts';
import { rewriteLinks } from '../../../../src/cluster/apiserver/subresources/proxy-links.ts';
import type { Address, HttpRequest, HttpResponse } from '../../../../src/cluster/network/types.ts';
import { NetError, type NetworkStack } from '../../../../src/cluster/network/types.ts';
import { requestOf, send, startApiServer, type Running } from './harness.ts';

const PODS = '/api/v1/namespaces/default/pods';
const SERVICES = '/api/v1/namespaces/default/services';
const RUNNING = { podIP: '10.244.1.5', podIPs: [{ ip: '10.244.1.5' }], phase: 'Running' };

interface Asked {
  readonly to: Address;
  readonly request: HttpRequest;
}

/** A server whose network answers every request with the same. */
function start(result: HttpResponse | NetError): Running & { asked: Asked[] } {
  const asked: Asked[] = [];
  const network = {
    http: (to: Address, request: HttpRequest, done: (result: HttpResponse | NetError) => void) => {
      asked.push({ to, request });
      done(result);
      return () => {};
    },
  } as unknown as NetworkStack;
  const running = startApiServer({}, undefined, network);
  send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  const spec = { containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 8080 }] }] };
  send(running, 'POST', PODS, { metadata: { name: 'web' }, spec });
  send(running, 'PUT', `${PODS}/web/status`, { metadata: { name: 'web' }, spec, status: RUNNING });
  return { ...running, asked };
}

function proxied(
  { server }: Running,
  method: string,
  url: string,
  body?: unknown,
): { status: number; headers: Readonly<Record<string, string>>; text: string } {
  const response = server.handle(requestOf(method, url, body, { authorization: 'Bearer secret' }));
  let answer: ApiResponse | undefined = response.kind === 'deferred' ? undefined : response;
  if (response.kind === 'deferred') (response satisfies DeferredResponse).start((given) => (answer = given));
  if (answer?.kind !== 'complete') throw new Error(`a ${response.kind}, not an answer`);
  return { status: answer.status, headers: answer.headers, text: Buffer.from(answer.body).toString() };
}

const OK: HttpResponse = {
  status: 203,
  headers: { 'content-type': 'text/plain', connection: 'close' },
  body: 'hello',
};

test('a request is passed on to the port of the pod, without its credentials', () => {
  const running = start(OK);
  expect(proxied(running, 'PUT', `${PODS}/web/proxy/some/path/?q=1`, 'text')).toEqual({
    status: 203,
    headers: { 'content-type': 'text/plain' },
    text: 'hello',
  });
  expect(running.asked).toMatchObject([
    {
      to: { ip: '10.244.1.5', port: 8080 },
      request: { method: 'PUT', path: '/some/path/?q=1', body: 'text' },
    },
  ]);
  expect(running.asked[0]?.request.headers).not.toHaveProperty('authorization');
  proxied(running, 'GET', `${PODS}/https:web:444/proxy/`);
  expect(running.asked[1]).toMatchObject({ to: { port: 444 }, request: { secure: true, path: '/' } });
});

test('nothing behind the proxy leads to the same with a slash', () => {
  expect(proxied(start(OK), 'GET', `${PODS}/web/proxy?q=1`)).toMatchObject({
    status: 301,
    headers: { location: `${PODS}/web/proxy/?q=1` },
  });
});

test('what does not answer, is not there or has no port, in the words of the API server', () => {
  const running = start(new NetError('ECONNREFUSED', ''));
  const messageOf = (url: string): [number, unknown] => {
    const { status, text } = proxied(running, 'GET', url);
    return [status, (JSON.parse(text) as { message: string }).message];
  };
  expect(messageOf(`${PODS}/web:81/proxy/`)).toEqual([
    503,
    'error trying to reach service: dial tcp 10.244.1.5:81: connect: connection refused',
  ]);
  expect(proxied(running, 'GET', `${PODS}/web:81/proxy/?pretty=true`).text).toMatch(
    /^\{\n {2}"kind": "Status",\n/,
  );
  expect(messageOf(`${PODS}/other/proxy/`)).toEqual([404, 'pods "other" not found']);
  expect(messageOf(`${PODS}/a:b:c:d/proxy/`)).toEqual([400, 'invalid pod request "a:b:c:d"']);
  send(running, 'POST', SERVICES, {
    metadata: { name: 'web' },
    spec: { clusterIP: 'None', ports: [{ port: 80 }] },
  });
  expect(messageOf(`${SERVICES}/web:80/proxy/`)).toEqual([503, 'no endpoints available for service "web"']);
  expect(messageOf(`${SERVICES}/web:99/proxy/`)).toEqual([503, 'no service port 99 found for service "web"']);
});

test('a Service leads to one of its ready addresses', () => {
  const running = start(OK);
  const ports = [{ name: 'http', port: 80, targetPort: 8080 }];
  send(running, 'POST', SERVICES, { metadata: { name: 'web' }, spec: { clusterIP: 'None', ports } });
  send(running, 'POST', '/api/v1/namespaces/default/endpoints', {
    metadata: { name: 'web' },
    subsets: [
      {
        addresses: [{ ip: '10.244.1.7' }],
        notReadyAddresses: [{ ip: '10.244.1.8' }],
        ports: [{ name: 'http', port: 8080 }],
      },
    ],
  });
  for (const name of ['web:http', 'web:80']) proxied(running, 'GET', `${SERVICES}/${name}/proxy/`);
  expect(running.asked.map(({ to }) => `${to.ip}:${to.port}`)).toEqual([
    '10.244.1.7:8080',
    '10.244.1.7:8080',
  ]);
});

test('a node leads to its kubelet, or to a port of its own', () => {
  const running = start(OK);
  const status = { addresses: [{ type: 'InternalIP', address: '172.18.0.3' }] };
  send(running, 'POST', '/api/v1/nodes', { metadata: { name: 'worker' }, status });
  send(running, 'PUT', '/api/v1/nodes/worker/status', { metadata: { name: 'worker' }, status });
  const answer = (path: string) => proxied(running, 'GET', `/api/v1/nodes/${path}`);
  expect(answer('worker/proxy/healthz')).toMatchObject({ status: 200, text: 'worker /healthz' });
  expect(answer('worker:10250/proxy/pods/')).toMatchObject({ text: 'worker /pods/' });
  expect(answer('nobody/proxy/healthz')).toMatchObject({ status: 404 });
  const gone = answer('worker/proxy/gone');
  expect(gone.status).toBe(503);
  expect(gone.text).toContain('dial tcp 172.18.0.3:10250: connect: connection refused');
  expect(running.asked).toEqual([]);
  expect(answer('worker:9100/proxy/metrics')).toMatchObject({ text: 'hello' });
  expect(running.asked).toMatchObject([
    { to: { ip: '172.18.0.3', port: 9100 }, request: { path: '/metrics' } },
  ]);
});

test('links of a page that name a path go through the proxy too', () => {
  const page =
    '<a class="x" href="/a/b">a</a><img src=\'/i.png\' alt="/no"><a href="//host/">b</a><a href="c">c</a>';
  const rewritten =
    '<a class="x" href="/p/proxy/a/b">a</a><img src=\'/p/proxy/i.png\' alt="/no"><a href="//host/">b</a><a href="c">c</a>';
  expect(rewriteLinks(page, '/p/proxy')).toBe(rewritten);
  expect(rewriteLinks(rewritten, '/p/proxy')).toBe(rewritten);
  const running = start({ status: 200, headers: { 'content-type': 'text/html' }, body: page });
  expect(proxied(running, 'GET', `${PODS}/web/proxy/`).text).toContain(`href="${PODS}/web/proxy/a/b"`);
});
