import fc from 'fast-check';
import { adminRequest } from '../../../test/helpers/in-process.ts';
import { ask, filledCluster } from '../cluster.ts';
import { samples } from '../corpus.ts';
import { texts } from '../inputs.ts';
import { reader } from '../reader.ts';

/** What is around a body. */
interface Envelope {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const paths = texts({
  corpus: [
    ...samples.map(({ path }) => path),
    ...samples.map(
      ({ path, object }) => `${path}/${(object['metadata'] as { name?: string } | undefined)?.name ?? 'web'}`,
    ),
    '/api/v1/namespaces/default/pods/web/log',
    '/api/v1/namespaces/default/pods/web/exec',
    '/api/v1/namespaces/default/pods/web/attach',
    '/api/v1/namespaces/default/pods/web/portforward',
    '/api/v1/namespaces/default/pods/web/eviction',
    '/api/v1/namespaces/default/pods/web/binding',
    '/api/v1/namespaces/default/pods/web/proxy/a/b',
    '/api/v1/namespaces/default/services/http:web:80/proxy/',
    '/api/v1/nodes/lab-worker/proxy/pods',
    '/api/v1/nodes/lab-worker/status',
    '/apis/apps/v1/namespaces/default/deployments/web/scale',
    '/apis/example.com/v1/namespaces/default/things',
    '/api/v1/namespaces/default/serviceaccounts/default/token',
    '/api/v1/namespaces/fuzzed/finalize',
    '/api/v1/watch/namespaces/default/pods',
    '/api/v1/componentstatuses',
    '/apis/metrics.k8s.io/v1beta1/nodes',
    '/openapi/v3/apis/apps/v1',
    '/openapi/v2',
    '/apis',
    '/api',
    '/version',
    '/readyz/ping',
  ],
  words: [
    '/',
    '//',
    '%2F',
    '%',
    '%ff',
    '..',
    ':',
    '/status',
    '/scale',
    '/proxy',
    '/log',
    'namespaces',
    'pods',
    'apis',
    '__proto__',
    'constructor',
    ' ',
  ],
});

const queries = texts({
  corpus: [
    '',
    'limit=2',
    `limit=1&continue=${token({ v: 'meta.k8s.io/v1', rv: 5, start: 'default/web\0' })}`,
    `continue=${token({ v: 'meta.k8s.io/v1', rv: -1, start: '' })}`,
    `continue=${token({ v: 'meta.k8s.io/v1', rv: 1e99, start: 'a' })}`,
    'watch=true&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=5',
    'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0',
    'resourceVersion=10&resourceVersionMatch=Exact',
    'labelSelector=app%3Dweb&fieldSelector=metadata.name%3Dweb',
    'fieldManager=kubectl&force=true&dryRun=All&fieldValidation=Strict',
    'gracePeriodSeconds=0&propagationPolicy=Foreground&orphanDependents=true',
    'command=sh&command=-c&stdin=true&stdout=1&tty=true&container=web',
    'follow=true&tailLines=5&sinceSeconds=10&limitBytes=3&timestamps=true&previous=false&sinceTime=2026-11-22T09:00:00Z',
    'ports=80&ports=8080',
    'includeObject=Object&pretty=true',
    'verbose&exclude=ping',
    'hash=0',
  ],
  words: [
    '&',
    '=',
    '%00',
    '%',
    '-1',
    '0',
    '1e9',
    'NaN',
    '9'.repeat(30),
    'true',
    'watch=true',
    'limit=',
    'continue=',
    'resourceVersion=',
    'dryRun=All',
    '+',
    '%ud800',
  ],
});

const accept = texts({
  corpus: [
    'application/json',
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
    'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    'application/vnd.kubernetes.protobuf,*/*;q=0.5',
    'application/yaml',
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  ],
  words: [';', ',', '=', '*/*', 'as=Table', 'q=', 'stream=watch', ' '],
});

const headers = fc.record(
  {
    accept,
    'content-type': fc.constantFrom(
      'application/json',
      'application/yaml',
      'application/vnd.kubernetes.protobuf',
      'application/json-patch+json',
      'application/merge-patch+json',
      'application/strategic-merge-patch+json',
      'application/apply-patch+yaml',
      'text/plain',
      ';',
      '',
    ),
    authorization: texts({
      corpus: ['Bearer a.b.c', 'Basic YTpi', 'Bearer '],
      words: ['.', 'Bearer ', ' ', '=', 'e30'],
    }),
    'user-agent': texts({
      corpus: ['kubectl/v1.36.0 (linux/amd64)', 'curl/8', 'Mozilla/5.0'],
      words: ['/', ' '],
    }),
    'if-none-match': fc.constantFrom('"a"', '*'),
    'impersonate-user': fc.constantFrom(
      'jane',
      'system:serviceaccount:default:default',
      'system:serviceaccount:',
      '',
      '\0',
    ),
    'impersonate-group': fc.constantFrom('a,b', 'system:masters', ','),
    'impersonate-extra-a%2f': fc.constantFrom('b', ''),
    'impersonate-uid': fc.constantFrom('1', ''),
  },
  { requiredKeys: [] },
);

export const requests = reader<Envelope>({
  name: 'requests',
  reads:
    'method, path, query and headers of requests to a cluster with one object of each kind, with `continue` tokens, options, accepted types and tokens',
  inputs: fc.record({
    method: fc.oneof(
      { weight: 8, arbitrary: fc.constant('GET') },
      {
        weight: 3,
        arbitrary: fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'get', ''),
      },
    ),
    path: paths,
    query: queries,
    headers,
    body: fc.constantFrom(
      '',
      '',
      '{}',
      '[]',
      'null',
      '{"metadata":{}}',
      '{"kind":"DeleteOptions","apiVersion":"v1","dryRun":["All"]}',
      '{',
      '{"spec":null}',
      '{"spec":{"replicas":1}}',
      '[{"op":"replace","path":"","value":{}}]',
      '{"apiVersion":1,"kind":{}}',
    ),
  }),
  tested: 150,
  open: async () => {
    const cluster = await filledCluster((error) => {
      throw error;
    });
    // Nothing is really changed, so that each request meets the same cluster.
    return ({ method, path, query, headers, body }) => {
      const changes = !['GET', 'HEAD'].includes(method);
      const request = adminRequest(method, path, { query: changes ? `dryRun=All&${query}` : query });
      const asAdmin = headers['authorization'] === undefined;
      const { certificate, ...rest } = request;
      ask(cluster, {
        ...rest,
        ...(asAdmin && certificate && { certificate }),
        headers,
        body: Buffer.from(body),
      });
    };
  },
});
