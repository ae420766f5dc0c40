import { expect, test } from '@jest/globals';
import { admissionPlugins } from '../../../../src/cluster/apiserver/admission/plugins.ts';
import { applyDefaults } from '../../../../src/cluster/apiserver/defaults/defaults.ts';
import type { ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import type { PodSpec } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import type { HttpResponse } from '../../../../src/cluster/network/types.ts';
import { NetError } from '../../../../src/cluster/network/types.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { Problems } from '../../../../src/cluster/apiserver/validation/problems.ts';
import { checkWebhooks } from '../../../../src/cluster/apiserver/webhooks/checks.ts';
import { openStages, requestOf, send, type Answer, type Running } from './harness.ts';
import { ask, certificate, hookClient, type Hooked, startWithHook } from './hooks.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const HOOKS = '/apis/admissionregistration.k8s.io/v1';
interface Review {
  readonly request: {
    readonly uid: string;
    readonly operation: string;
    readonly name?: string;
    readonly object: { data?: object } | null;
  };
}

type Reply = (review: Review['request']) => HttpResponse | NetError | undefined;

const reviewed = (response: object): HttpResponse => ({
  status: 200,
  headers: {},
  body: JSON.stringify({ response }),
  certificate,
});

/** A server whose webhook answers reviews as told. */
function start(reply: Reply): Hooked {
  return startWithHook(
    (body) => reply((JSON.parse(body) as Review).request),
    (answers, random) => ({
      applyDefaults,
      admissionPlugins: admissionPlugins({
        random,
        authorizer: openStages.authorizer,
        asking: { answers, applyDefaults },
      }),
    }),
  );
}

function install(running: Running, kind: 'Mutating' | 'Validating', webhook: object = {}): Answer {
  return send(running, 'POST', `${HOOKS}/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name: 'hooks' },
    webhooks: [
      {
        name: 'hook.example.test',
        clientConfig: hookClient,
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...webhook,
      },
    ],
  });
}

const map = (name: string, data = {}) => ({ metadata: { name }, data });

test('a mutating webhook changes what is stored; the object that it sees is the one on its way', async () => {
  const patch = Buffer.from('[{"op":"add","path":"/data/more","value":"yes"}]').toString('base64');
  const running = start(({ uid }) => reviewed({ uid, allowed: true, patch, patchType: 'JSONPatch' }));
  install(running, 'Mutating');
  expect(await ask(running, 'POST', MAPS, map('a', { some: '1' }))).toMatchObject({
    status: 201,
    body: { data: { some: '1', more: 'yes' } },
  });
  expect(running.asked).toHaveLength(1);
  expect(running.asked[0]).toMatchObject({ path: '/x?timeout=10s', secure: true });
  expect(JSON.parse(running.asked[0]?.body ?? '')).toMatchObject({
    request: {
      operation: 'CREATE',
      name: 'a',
      namespace: 'default',
      object: { data: { some: '1' } },
      oldObject: null,
    },
  });
});

test('a validating webhook refuses writes and deletions in its own words, others are not asked', async () => {
  const running = start(({ uid, operation }) =>
    reviewed({ uid, allowed: operation === 'CREATE', status: { message: `no ${operation}` } }),
  );
  await ask(running, 'POST', MAPS, map('a'));
  install(running, 'Validating');
  const refused = {
    status: 400,
    body: { message: 'admission webhook "hook.example.test" denied the request: no DELETE' },
  };
  expect(await ask(running, 'DELETE', `${MAPS}/a`)).toMatchObject(refused);
  expect(send(running, 'GET', `${MAPS}/a`).status).toBe(200);
  expect((await ask(running, 'POST', MAPS, map('b'))).status).toBe(201);
  expect(running.asked).toHaveLength(2);
  send(running, 'POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 's' } });
  expect(running.asked).toHaveLength(2);
});

test.each<[string, Reply, object, string | undefined]>([
  [
    'refuses',
    () => new NetError('ECONNREFUSED', ''),
    {},
    'dial tcp 10.96.0.9:443: connect: connection refused',
  ],
  ['is too slow', () => undefined, { timeoutSeconds: 3 }, 'context deadline exceeded'],
  ['is too slow and may be', () => undefined, { failurePolicy: 'Ignore' }, undefined],
  [
    'is not trusted',
    ({ uid }) => reviewed({ uid, allowed: true }),
    { clientConfig: { service: { namespace: 'default', name: 'hook', path: '/x', port: 443 } } },
    'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  ],
  [
    'has no Service',
    () => undefined,
    {
      clientConfig: {
        service: { namespace: 'default', name: 'none', path: '/x', port: 443 },
        caBundle: hookClient.caBundle,
      },
    },
    'service "none" not found',
  ],
])('a webhook that %s', async (_what, reply, webhook, why) => {
  const running = start(reply);
  install(running, 'Validating', webhook);
  const { status, body } = await ask(running, 'POST', MAPS, map('a'));
  if (why === undefined) {
    expect(status).toBe(201);
    return;
  }
  expect(status).toBe(500);
  expect(body.message).toMatch(
    /^Internal error occurred: failed calling webhook "hook.example.test": failed to call webhook: Post "https:\/\/\w+.default.svc:443\/x\?timeout=\d+s": /,
  );
  expect(body.message).toContain(why);
});

test.each([
  ['labels of the namespace', { namespaceSelector: { matchLabels: { team: 'b' } } }],
  ['labels of the object', { objectSelector: { matchLabels: { app: 'web' } } }],
  [
    'operations',
    { rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['DELETE'], resources: ['*/*'] }] },
  ],
  [
    'the scope',
    {
      rules: [
        { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'], scope: 'Cluster' },
      ],
    },
  ],
])('is not asked where %s do not match', async (_what, webhook) => {
  const running = start(({ uid }) => reviewed({ uid, allowed: false }));
  install(running, 'Validating', webhook);
  expect((await ask(running, 'POST', MAPS, map('a'))).status).toBe(201);
});

test.each([
  ['', undefined],
  ['/', undefined],
  ['/a/b/', undefined],
  ['a', "must start with a '/'"],
  ['//', 'segment[0] may not be empty'],
  ['/a//b', 'segment[1] may not be empty'],
  ['/A', 'segment[0]: a lowercase RFC 1123 subdomain must consist'],
])('the path %j of a service', (path, refusal) => {
  const problems = new Problems();
  const clientConfig = { service: { namespace: 'default', name: 'hook', path } };
  checkWebhooks(problems, {
    webhooks: [{ name: 'a.b.test', clientConfig, sideEffects: 'None', admissionReviewVersions: ['v1'] }],
  } as never);
  const found = problems.list.map(({ detail }) => detail);
  if (refusal === undefined) expect(found).toEqual([]);
  else expect(found).toEqual([expect.stringContaining(refusal)]);
});

test('configurations of webhooks and the writes of the cluster itself pass', async () => {
  const running = start(({ uid }) => reviewed({ uid, allowed: false }));
  install(running, 'Validating', {
    rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }],
  });
  expect((await ask(running, 'DELETE', `${HOOKS}/validatingwebhookconfigurations/hooks`)).status).toBe(200);
});

test('a webhook with side effects is no matter of a dry run', async () => {
  const running = start(({ uid }) => reviewed({ uid, allowed: true }));
  install(running, 'Validating', { sideEffects: 'Some' });
  expect(await ask(running, 'POST', `${MAPS}?dryRun=All`, map('a'))).toMatchObject({
    status: 400,
    body: { message: 'admission webhook "hook.example.test" does not support dry run' },
  });
});

test('is asked only where its conditions hold; an error counts where it may not be ignored', async () => {
  for (const [failurePolicy, status] of [
    ['Fail', 403],
    ['Ignore', 201],
  ] as const) {
    const running = start(({ uid }) => reviewed({ uid, allowed: false }));
    install(running, 'Validating', {
      failurePolicy,
      matchConditions: [
        { name: 'not-mine', expression: "!object.metadata.name.startsWith('my-')" },
        { name: 'even', expression: "object.data.even == 'yes'" },
      ],
    });
    expect((await ask(running, 'POST', MAPS, map('my-map', { even: 'yes' }))).status).toBe(201);
    expect((await ask(running, 'POST', MAPS, map('a', { even: 'no' }))).status).toBe(201);
    expect(running.asked).toHaveLength(0);
    expect((await ask(running, 'POST', MAPS, map('b', { even: 'yes' }))).status).toBe(400);
    expect(running.asked).toHaveLength(1);
    expect((await ask(running, 'POST', MAPS, map('c', {}))).status).toBe(status);
    expect(running.asked).toHaveLength(1);
  }
});

test('is asked again where a later one has changed the object, if it wants to', async () => {
  for (const [reinvocationPolicy, times] of [
    ['Never', 2],
    ['IfNeeded', 3],
  ] as const) {
    const patched = new Set<string>();
    const running = start((review) => {
      // The second one changes the object, once.
      const isSecond = running.asked.at(-1)?.path.startsWith('/second') === true && !patched.has('second');
      if (isSecond) patched.add('second');
      const patch = Buffer.from('[{"op":"add","path":"/data/more","value":"yes"}]').toString('base64');
      return reviewed({ uid: review.uid, allowed: true, ...(isSecond && { patch, patchType: 'JSONPatch' }) });
    });
    install(running, 'Mutating', { reinvocationPolicy });
    const second = {
      service: { namespace: 'default', name: 'hook', path: '/second', port: 443 },
      caBundle: hookClient.caBundle,
    };
    const answer = send(running, 'POST', `${HOOKS}/mutatingwebhookconfigurations`, {
      metadata: { name: 'second' },
      webhooks: [
        {
          name: 'second.example.test',
          clientConfig: second,
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] }],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    expect(answer.status).toBe(201);
    expect((await ask(running, 'POST', MAPS, map('a', { some: '1' }))).body.data).toEqual({
      some: '1',
      more: 'yes',
    });
    expect(running.asked.map(({ path }) => path.split('?')[0])).toEqual(
      ['/x', '/second', '/x'].slice(0, times),
    );
  }
});

test('is asked about connections, once for one that is let through', async () => {
  const running = start(({ uid, name }) =>
    reviewed({ uid, allowed: name !== 'secret', status: { message: 'not this one' } }),
  );
  install(running, 'Validating', {
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/exec'] }],
  });
  const spec = { nodeName: 'a', containers: [{ name: 'main', image: 'shop:1' }] } as unknown as PodSpec;
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  };
  running.api.create(resources.serviceAccounts, account);
  for (const name of ['open', 'secret']) {
    running.api.create(resources.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec,
    });
  }
  const url = (name: string): string => `/api/v1/namespaces/default/pods/${name}/exec?command=ls&stdin=true`;
  const answered = async (name: string): Promise<ApiResponse> => {
    const response = running.server.handle(requestOf('POST', url(name)));
    if (response.kind !== 'deferred') throw new Error(`a ${response.kind} that asked nobody`);
    let answer: ApiResponse | undefined;
    response.start((given) => (answer = given));
    await running.simulation.advanceTo(running.simulation.now + SECOND);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  expect(await answered('secret')).toMatchObject({ kind: 'complete', status: 400 });
  expect(await answered('open')).toMatchObject({ kind: 'exec', options: { command: ['ls'], stdin: true } });
  expect(running.asked).toHaveLength(2);
  expect(JSON.parse(running.asked[1]?.body ?? '')).toMatchObject({
    request: {
      operation: 'CONNECT',
      name: 'open',
      namespace: 'default',
      kind: { group: '', version: 'v1', kind: 'PodExecOptions' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      subResource: 'exec',
      object: { kind: 'PodExecOptions', apiVersion: 'v1', command: ['ls'], stdin: true, container: 'main' },
    },
  });
  // The session that follows is let through by the same answer; the next one is not.
  expect(running.server.handle(requestOf('POST', url('open'))).kind).toBe('exec');
  expect(running.server.handle(requestOf('POST', url('open'))).kind).toBe('deferred');
});
