import { describe, expect, test } from '@jest/globals';
import { StatusError } from '../../../../src/cluster/api.ts';
import type { LogOptions, NodeApi } from '../../../../src/cluster/node-api.ts';
import { requestOf, send, startApiServer } from './harness.ts';
import type { Answer, Running } from './harness.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };

function runningPod(running: Running, name = 'web', spec: object = {}): void {
  send(running, 'POST', PODS, {
    metadata: { name, labels: { app: 'web' } },
    spec: { containers: [{ name: 'app', image: 'nginx' }], ...spec },
  });
  send(running, 'POST', `${PODS}/${name}/binding`, { target: { name: 'worker' } });
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  send(running, 'PATCH', `${PODS}/${name}/status`, { status }, MERGE);
}

test('the status of a Service gets the mode of its addresses', () => {
  const running = startApiServer();
  const url = '/api/v1/namespaces/default/services';
  send(running, 'POST', url, {
    metadata: { name: 'lb' },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }] },
  });
  const status = { loadBalancer: { ingress: [{ ip: '1.2.3.4' }, { hostname: 'a.example' }] } };
  expect(send(running, 'PATCH', `${url}/lb/status`, { status }, MERGE).body.status).toEqual({
    loadBalancer: { ingress: [{ ip: '1.2.3.4', ipMode: 'VIP' }, { hostname: 'a.example' }] },
  });
});

describe('scale', () => {
  const URL = '/apis/apps/v1/namespaces/default/deployments';
  const owners = (running: Running): string[] => {
    const { managedFields } = send(running, 'GET', `${URL}/web`).body.metadata;
    return (managedFields as { operation: string; subresource?: string; fieldsV1: object }[])
      .filter(({ fieldsV1 }) => JSON.stringify(fieldsV1).includes('f:replicas'))
      .map(({ operation, subresource = '' }) => `${operation} ${subresource}`.trim());
  };
  test('is shown in columns of its own', () => {
    const running = started();
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { body } = send(running, 'GET', `${URL}/web/scale`, undefined, { accept });
    expect(body.columnDefinitions).toMatchObject([
      { name: 'Name' },
      { name: 'Desired' },
      { name: 'Available' },
      { name: 'Age' },
    ]);
    expect(body.rows).toMatchObject([
      { cells: ['web', expect.any(Number), 0, '0s'], object: { kind: 'PartialObjectMetadata' } },
    ]);
  });
  const started = (): Running => {
    const running = startApiServer();
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'nginx' }] } };
    send(running, 'POST', URL, {
      metadata: { name: 'web' },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    });
    return running;
  };

  test('to what is there takes the replicas from those who set them by an update, but not from appliers', () => {
    const running = started();
    const scale = (replicas: number): unknown =>
      send(running, 'PATCH', `${URL}/web/scale`, { spec: { replicas } }, MERGE).body.metadata.resourceVersion;
    const before = send(running, 'GET', `${URL}/web`).body.metadata.resourceVersion as string;
    expect(owners(running)).toEqual(['Update']);
    const after = scale(2);
    expect(after).not.toBe(before);
    expect(owners(running)).toEqual([]);
    expect(scale(2)).toBe(after);
    scale(3);
    expect(owners(running)).toEqual(['Update scale']);

    const applied = startApiServer();
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'app', image: 'nginx' }] },
    };
    const spec = { replicas: 2, selector: { matchLabels: { a: 'b' } }, template };
    const web = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    send(applied, 'PATCH', `${URL}/web?fieldManager=me`, web, apply);
    send(applied, 'PATCH', `${URL}/web/scale`, { spec: { replicas: 2 } }, MERGE);
    expect(owners(applied)).toEqual(['Apply']);
  });

  test('is read, put and patched', () => {
    const running = started();
    expect(send(running, 'GET', `${URL}/web/scale`).body).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'web' },
      spec: { replicas: 2 },
      status: { replicas: 0, selector: 'app=web' },
    });
    const sent = { metadata: { name: 'web' }, spec: { replicas: 5 } };
    expect(send(running, 'PUT', `${URL}/web/scale`, sent).body.spec).toEqual({ replicas: 5 });
    expect(send(running, 'PATCH', `${URL}/web/scale`, { spec: { replicas: 0 } }, MERGE).body.spec).toEqual(
      {},
    );
    expect(send(running, 'GET', `${URL}/web`).body).toMatchObject({
      spec: { replicas: 0 },
      metadata: { generation: 3 },
    });
  });

  test('refuses in the words of the workload', () => {
    const running = started();
    const messages = [
      send(running, 'PATCH', `${URL}/web/scale`, { spec: { replicas: -1 } }, MERGE),
      send(running, 'PUT', `${URL}/web/scale`, { metadata: { name: 'web', resourceVersion: '1' }, spec: {} }),
      send(running, 'GET', `${URL}/nope/scale`),
    ].map(({ body }) => String(body.message));
    expect(messages).toEqual([
      'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'Operation cannot be fulfilled on deployments.apps "web": the object has been modified; please apply your changes to the latest version and try again',
      'deployments.apps "nope" not found',
    ]);
  });
});

describe('binding', () => {
  test('sets the node and the condition, and neither generation nor owners of fields', () => {
    const running = startApiServer();
    runningPod(running);
    const { body } = send(running, 'GET', `${PODS}/web`);
    expect(body).toMatchObject({ spec: { nodeName: 'worker' }, metadata: { generation: 1 } });
    expect(JSON.stringify(body.metadata.managedFields)).not.toContain('nodeName');
  });

  test('refuses what cannot be bound', () => {
    const running = startApiServer();
    runningPod(running);
    send(running, 'POST', PODS, {
      metadata: { name: 'gated' },
      spec: { schedulingGates: [{ name: 'a/b' }], containers: [{ name: 'a', image: 'x' }] },
    });
    const bind = (name: string, target: object): string =>
      String(send(running, 'POST', `${PODS}/${name}/binding`, { target }).body.message);
    expect(bind('web', { name: 'n' })).toBe(
      'Operation cannot be fulfilled on pods/binding "web": pod web is already assigned to node "worker"',
    );
    expect(bind('gated', { name: 'n' })).toBe(
      'Operation cannot be fulfilled on pods/binding "gated": pod gated has non-empty .spec.schedulingGates',
    );
    expect(bind('gated', {})).toBe('target.name: Required value');
    expect(bind('nope', { name: 'n' })).toBe('pods "nope" not found');
  });
});

describe('eviction', () => {
  const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
  const EVICTION = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'web' } };
  const guarded = (status: object): Running => {
    const running = startApiServer();
    runningPod(running);
    send(running, 'POST', BUDGETS, {
      metadata: { name: 'budget' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
    });
    send(running, 'PATCH', `${BUDGETS}/budget/status`, { status }, MERGE);
    return running;
  };

  test('deletes gracefully and notes why', () => {
    const running = startApiServer();
    runningPod(running);
    expect(send(running, 'POST', `${PODS}/web/eviction?dryRun=All`, EVICTION).status).toBe(201);
    expect(send(running, 'GET', `${PODS}/web`).body.metadata.deletionTimestamp).toBeUndefined();
    expect(send(running, 'POST', `${PODS}/web/eviction`, EVICTION).body).toMatchObject({
      status: 'Success',
      code: 201,
    });
    const { body } = send(running, 'GET', `${PODS}/web`);
    expect(body.metadata.deletionGracePeriodSeconds).toBe(30);
    expect(body.status.conditions).toContainEqual(
      expect.objectContaining({
        type: 'DisruptionTarget',
        reason: 'EvictionByEvictionAPI',
        message: 'Eviction API: evicting',
      }),
    );
  });

  test('takes from the budget', () => {
    const running = guarded({
      observedGeneration: 1,
      disruptionsAllowed: 1,
      currentHealthy: 3,
      desiredHealthy: 2,
      expectedPods: 3,
    });
    expect(send(running, 'POST', `${PODS}/web/eviction`, EVICTION).status).toBe(201);
    expect(send(running, 'GET', `${BUDGETS}/budget`).body.status).toMatchObject({
      disruptionsAllowed: 0,
      disruptedPods: { web: '2026-11-22T10:00:00Z' },
    });
  });

  test('is refused where the budget does not allow it, or is not looked at yet', () => {
    const spent = guarded({
      observedGeneration: 1,
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 2,
      expectedPods: 1,
    });
    expect(send(spent, 'POST', `${PODS}/web/eviction`, EVICTION)).toMatchObject({
      status: 429,
      body: {
        reason: 'TooManyRequests',
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget budget needs 2 healthy pods and has 1 currently',
            },
          ],
        },
      },
    });
    const fresh = guarded({
      observedGeneration: 0,
      disruptionsAllowed: 1,
      currentHealthy: 1,
      desiredHealthy: 2,
      expectedPods: 1,
    });
    const answer = send(fresh, 'POST', `${PODS}/web/eviction`, EVICTION);
    expect(answer.headers['retry-after']).toBe('10');
    expect(answer.body.details.causes[0].message).toBe(
      'The disruption budget budget is still being processed by the server.',
    );
  });

  test('of two budgets is a failure of the server', () => {
    const running = guarded({
      observedGeneration: 1,
      disruptionsAllowed: 1,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    });
    send(running, 'POST', BUDGETS, { metadata: { name: 'other' }, spec: { selector: {} } });
    expect(send(running, 'POST', `${PODS}/web/eviction`, EVICTION)).toMatchObject({
      status: 500,
      body: {
        message:
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      },
    });
  });
});

describe('resize and ephemeral containers', () => {
  test('change their part and nothing else', () => {
    const running = startApiServer();
    runningPod(running);
    const sent = {
      spec: { containers: [{ name: 'app', image: 'other', resources: { limits: { cpu: '1' } } }] },
    };
    const resized = send(running, 'PATCH', `${PODS}/web/resize`, sent, STRATEGIC).body;
    expect(resized.spec.containers[0]).toMatchObject({ image: 'nginx', resources: { limits: { cpu: '1' } } });
    expect(resized.metadata.generation).toBe(2);
    const debug = { spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] } };
    const debugged = send(running, 'PATCH', `${PODS}/web/ephemeralcontainers`, debug, STRATEGIC).body;
    expect(debugged.spec).toMatchObject({
      containers: [{ image: 'nginx' }],
      ephemeralContainers: [{ name: 'debugger' }],
    });
    expect(send(running, 'GET', `${PODS}/web/ephemeralcontainers`).body.kind).toBe('Pod');
  });
});

describe('streams', () => {
  const asked: unknown[] = [];
  const nodes: NodeApi = {
    ask: () => undefined,
    logs(pod, options: LogOptions, sink) {
      asked.push({ pod, options });
      if (options.container === 'waiting') {
        const message = 'container "waiting" in pod "two" is waiting to start: ContainerCreating';
        throw new StatusError({
          kind: 'Status',
          apiVersion: 'v1',
          metadata: {},
          status: 'Failure',
          message,
          reason: 'BadRequest',
          code: 400,
        });
      }
      sink.write(new TextEncoder().encode('hello\n'));
      if (options.follow !== true) sink.end();
      return () => {};
    },
    enter(_pod, container) {
      if (container !== 'waiting') return;
      const message = 'container not found ("waiting")';
      throw new StatusError({
        apiVersion: 'v1',
        kind: 'Status',
        metadata: {},
        status: 'Failure',
        message,
        reason: 'InternalError',
        code: 500,
      });
    },
    exec(_pod, options, output) {
      asked.push(options);
      output.exit({ code: 0 });
      return { stdin: () => {}, stdinEnd: () => {}, resize: () => {}, close: () => {} };
    },
    attach: () => {
      throw new Error('not asked for');
    },
    portForward(_pod, port) {
      asked.push(port);
      return { data: () => {}, end: () => {}, destroy: () => {} };
    },
  };
  const started = (): Running => {
    const running = startApiServer({}, nodes);
    runningPod(running);
    runningPod(running, 'two', {
      containers: [
        { name: 'a', image: 'x' },
        { name: 'waiting', image: 'x' },
      ],
      initContainers: [{ name: 'i', image: 'x' }],
    });
    send(running, 'POST', PODS, {
      metadata: { name: 'unbound' },
      spec: { containers: [{ name: 'a', image: 'x' }] },
    });
    asked.length = 0;
    return running;
  };

  test('what the kubelet says of a container that does not run is passed on as it is', () => {
    const running = started();
    for (const subresource of ['exec', 'attach']) {
      const { status, text, headers } = send(
        running,
        'GET',
        `${PODS}/two/${subresource}?container=waiting&command=ls`,
      );
      expect([status, text, headers['content-type']]).toEqual([
        500,
        'container not found ("waiting")',
        'text/plain',
      ]);
    }
  });

  test('logs come whole', () => {
    const running = started();
    const { text, headers } = send(
      running,
      'GET',
      `${PODS}/web/log?tailLines=5&timestamps=true&previous=true&sinceSeconds=3`,
    );
    expect([text, headers['content-type']]).toEqual(['hello\n', 'text/plain']);
    expect(asked).toEqual([
      {
        pod: { namespace: 'default', name: 'web' },
        options: { container: 'app', previous: true, timestamps: true, tailLines: 5, sinceSeconds: 3 },
      },
    ]);
    expect(send(running, 'GET', `${PODS}/unbound/log`).status).toBe(204);
  });

  test('logs that are followed are a stream, and refusals come before it', () => {
    const { server } = started();
    const response = server.handle(requestOf('GET', `${PODS}/web/log?follow=true`));
    if (response.kind !== 'stream') throw new Error(response.kind);
    const chunks: Uint8Array[] = [];
    response.open({ write: (bytes) => chunks.push(bytes), end: () => {} });
    expect(Buffer.concat(chunks).toString()).toBe('hello\n');
    expect(server.handle(requestOf('GET', `${PODS}/two/log?follow=true&container=waiting`))).toMatchObject({
      kind: 'complete',
      status: 400,
    });
  });

  test.each([
    [`${PODS}/nope/log`, 'pods "nope" not found'],
    [`${PODS}/two/log`, 'a container name must be specified for pod two, choose one of: [i a waiting]'],
    [`${PODS}/two/log?container=zz`, 'container zz is not valid for pod two'],
    [`${PODS}/web/log?tailLines=x`, 'strconv.ParseInt: parsing "x": invalid syntax'],
    [
      `${PODS}/web/log?tailLines=-1`,
      'PodLogOptions "web" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      `${PODS}/web/log?sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z`,
      'PodLogOptions "web" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
    [
      `${PODS}/web/log?sinceTime=abc`,
      'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"',
    ],
    [
      `${PODS}/web/log?stream=Stdout`,
      'PodLogOptions "web" is invalid: stream: Forbidden: may not be specified',
    ],
    [`${PODS}/unbound/exec?command=ls`, 'pod unbound does not have a host assigned'],
    [`${PODS}/unbound/portforward`, 'pod unbound does not have a host assigned'],
    [`${PODS}/two/attach`, 'a container name must be specified for pod two, choose one of: [i a waiting]'],
  ])('%s: %s', (url, message) => {
    expect(send(started(), 'GET', url).body.message).toBe(message);
  });

  test('exec and port-forward do nothing before they are started', () => {
    const { server } = started();
    const exec = server.handle(
      requestOf('POST', `${PODS}/web/exec?command=sh&command=-c&stdin=true&tty=true&stdout=true`),
    );
    const forward = server.handle(requestOf('GET', `${PODS}/web/portforward`));
    expect(asked).toEqual([]);
    if (exec.kind !== 'exec' || forward.kind !== 'portforward') throw new Error('other kinds');
    exec.start({ stdout: () => {}, stderr: () => {}, exit: () => {} });
    forward.connect(80, { data: () => {}, end: () => {}, error: () => {} });
    expect(asked).toEqual([{ container: 'app', command: ['sh', '-c'], stdin: true, tty: true }, 80]);
  });
});

describe('tokens and reviews', () => {
  const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

  test('hands out tokens of service accounts', () => {
    const running = startApiServer();
    const url = '/api/v1/namespaces/default/serviceaccounts';
    send(running, 'POST', url, { metadata: { name: 'app' } });
    expect(send(running, 'POST', `${url}/app/token`, { spec: {} }).body).toMatchObject({
      kind: 'TokenRequest',
      spec: {
        audiences: ['https://kubernetes.default.svc.cluster.local'],
        expirationSeconds: 3600,
        boundObjectRef: null,
      },
      status: { token: 'token-of-app', expirationTimestamp: '2026-11-22T11:00:00Z' },
    });
    expect(send(running, 'POST', `${url}/app/token`, { spec: { expirationSeconds: 5 } }).body.message).toBe(
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
    );
    expect(
      send(running, 'POST', `${url}/app/token`, { spec: { boundObjectRef: { kind: 'Pod', name: 'x' } } })
        .status,
    ).toBe(404);
    expect(send(running, 'POST', `${url}/nope/token`, { spec: {} }).status).toBe(404);
  });

  test('binds tokens to pods of the service account, to secrets and to nodes', () => {
    const bound: unknown[] = [];
    const running = startApiServer({
      tokens: {
        issue: ({ pod, secret, node }) => {
          bound.push({ pod, secret, node });
          return 'token';
        },
        jwks: { keys: [] },
      },
    });
    const url = '/api/v1/namespaces/default';
    send(running, 'POST', `${url}/serviceaccounts`, { metadata: { name: 'app' } });
    send(running, 'POST', `${url}/secrets`, { metadata: { name: 'kept' } });
    send(running, 'POST', '/api/v1/nodes', { metadata: { name: 'worker' } });
    send(running, 'POST', `${url}/pods`, {
      metadata: { name: 'other' },
      spec: { containers: [{ name: 'a', image: 'x' }] },
    });
    const ask = (reference: object): Answer =>
      send(running, 'POST', `${url}/serviceaccounts/app/token`, { spec: { boundObjectRef: reference } });
    expect(ask({ apiVersion: 'v1', kind: 'Secret', name: 'kept' }).body.metadata.uid).toMatch(
      /^[0-9a-f-]{36}$/,
    );
    expect(ask({ apiVersion: 'v1', kind: 'Node', name: 'worker' }).status).toBe(201);
    expect(bound).toEqual([
      { secret: { name: 'kept', uid: expect.any(String) } },
      { node: { name: 'worker', uid: expect.any(String) } },
    ]);
    expect(ask({ apiVersion: 'v1', kind: 'Node', name: 'x' }).body.message).toBe('nodes "x" not found');
    expect(ask({ apiVersion: 'v1', kind: 'Secret', name: 'kept', uid: 'abc' }).body.message).toBe(
      'Operation cannot be fulfilled on Secret "kept": the UID in the bound object reference (abc) does not match the UID in record. The object might have been deleted and then recreated',
    );
    expect(ask({ apiVersion: 'v1', kind: 'Pod', name: 'other' }).body.message).toBe(
      'cannot bind token for serviceaccount "app" to pod running with different serviceaccount name.',
    );
    expect(ask({ apiVersion: 'apps/v1', kind: 'Pod', name: 'x' }).body.message).toBe(
      'cannot bind token to object of type apps/v1, Kind=Pod',
    );
  });

  test('answers who may do what', () => {
    const running = startApiServer({
      authorizer: {
        authorize: ({ name }, { resource, namespace }) =>
          name === 'root'
            ? { allowed: true, reason: 'root' }
            : { allowed: resource === 'pods' && namespace === 'shop', reason: '' },
        rulesFor: (_user, namespace) => ({
          resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: [namespace] }],
          nonResourceRules: [],
        }),
      },
    });
    const ask = (path: string, spec: object): unknown =>
      send(running, 'POST', `${AUTHORIZATION}/${path}`, { spec }).body.status;
    const pods = { verb: 'get', resource: 'pods', namespace: 'shop' };
    expect(ask('selfsubjectaccessreviews', { resourceAttributes: pods })).toEqual({
      allowed: true,
      reason: 'root',
    });
    expect(ask('subjectaccessreviews', { user: 'bob', resourceAttributes: pods })).toEqual({ allowed: true });
    const local = { user: 'bob', resourceAttributes: pods };
    expect(ask('namespaces/shop/localsubjectaccessreviews', local)).toEqual({ allowed: true });
    expect(ask('selfsubjectrulesreviews', { namespace: 'shop' })).toEqual({
      resourceRules: [{ verbs: ['get'], apiGroups: [''], resources: ['shop'] }],
      nonResourceRules: [],
      incomplete: false,
    });
    const refused = (path: string): unknown =>
      send(running, 'POST', `${AUTHORIZATION}/${path}`, { spec: {} }).body.message;
    expect(refused('selfsubjectrulesreviews')).toBe('no namespace on request');
    expect(refused('selfsubjectaccessreviews')).toBe(
      '.authorization.k8s.io "" is invalid: spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  });

  test.each<[string, object, string]>([
    [
      'subjectaccessreviews',
      { resourceAttributes: {} },
      'spec.user: Invalid value: "": at least one of user',
    ],
    [
      'selfsubjectaccessreviews',
      { resourceAttributes: {}, nonResourceAttributes: { path: '/', verb: 'get' } },
      'spec.nonResourceAttributes: Invalid value: {"Path":"/","Verb":"get"}: cannot be specified in combination with',
    ],
    [
      'namespaces/default/localsubjectaccessreviews',
      { user: 'bob', resourceAttributes: { verb: 'get', namespace: 'shop' } },
      'spec.resourceAttributes.namespace: Invalid value: "shop": must match metadata.namespace',
    ],
    [
      'namespaces/default/localsubjectaccessreviews',
      { user: 'bob', nonResourceAttributes: { path: '/y', verb: 'get' } },
      'spec.nonResourceAttributes: Invalid value: {"Path":"/y","Verb":"get"}: disallowed on this kind of request',
    ],
  ])('what %s is not asked %#', (path, spec, words) => {
    const { status, body } = send(startApiServer(), 'POST', `${AUTHORIZATION}/${path}`, { spec });
    expect(status).toBe(422);
    expect(body.message).toContain(`.authorization.k8s.io "" is invalid: ${words}`);
  });

  test('reviews have no names', () => {
    const running = startApiServer();
    expect(send(running, 'GET', `${AUTHORIZATION}/subjectaccessreviews`).status).toBe(405);
    expect(send(running, 'GET', `${AUTHORIZATION}/subjectaccessreviews/x`).status).toBe(404);
  });

  test('answers are no tables', () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const ask = (accepted: string): number =>
      send(
        startApiServer(),
        'POST',
        `${AUTHORIZATION}/selfsubjectaccessreviews`,
        { spec: { nonResourceAttributes: { path: '/', verb: 'get' } } },
        { accept: accepted },
      ).status;
    expect(ask(accept)).toBe(406);
    expect(ask(`${accept},application/json`)).toBe(201);
  });

  test('tells who asks, and whose a token is', () => {
    const running = startApiServer();
    const url = '/apis/authentication.k8s.io/v1';
    expect(send(running, 'POST', `${url}/selfsubjectreviews`, {}).body.status).toEqual({
      userInfo: { username: 'root', groups: ['system:masters'] },
    });
    expect(send(running, 'POST', `${url}/tokenreviews`, { spec: { token: 'x' } }).body.status).toEqual({
      user: {},
      error: 'invalid bearer token',
    });
  });
});

test('component statuses are made up', () => {
  const running = startApiServer();
  const answer = send(running, 'GET', '/api/v1/componentstatuses');
  expect(answer.headers['warning']).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
  expect(answer.body.items[0]).toEqual({
    metadata: { name: 'controller-manager' },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  });
  expect(send(running, 'GET', '/api/v1/componentstatuses/foo').body.message).toBe(
    'componentstatus "foo" not found',
  );
});
