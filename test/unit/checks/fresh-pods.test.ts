import { describe, expect, test } from '@jest/globals';
import type { Check, LabView, Observation } from '../../../src/checks/check.ts';
import {
  freshTagPulls,
  startsAgain,
  startsOnEveryNode,
  startsWithoutCopy,
} from '../../../src/checks/fresh-pods.ts';
import { Random } from '../../../src/core/random.ts';
import { type KubeClient, KubeError, type Manifest } from '../../../src/kube/client.ts';
import type { Container, Deployment, Pod, PodSpec } from '../../../src/model/objects.ts';
import { type Resource, resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { ManualClock } from '../support/manual-clock.ts';

const of = { namespace: 'shop', name: 'refunds' };
const host = 'registry.shop.test:5000';
const release = { host, repository: 'shop', tag: '1.5.0' };
const IMAGE = `${host}/shop:1.5.0`;

const node = (name: string, labels = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels },
  spec: {},
});
const deployment = (policy: string, fields: object = {}, spec: object = {}): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: of,
  spec: {
    replicas: 1,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    selector: { matchLabels: { app: 'refunds' } },
    template: {
      spec: {
        imagePullSecrets: [{ name: 'login' }],
        containers: [
          { name: 'refunds', image: IMAGE, imagePullPolicy: policy, ...fields },
          { name: 'sidecar', image: 'busybox:1.37' },
        ],
        ...spec,
      },
    },
  },
});
const NODES = [
  node('lab-control-plane', { 'node-role.kubernetes.io/control-plane': '' }),
  node('b'),
  node('a'),
];

/** A cluster where a pod starts if `starts` says so for its spec, and otherwise waits for ever. */
async function lab(options: {
  readonly starts?: (spec: PodSpec) => boolean;
  readonly policy?: string;
  readonly objects?: readonly Manifest[];
  readonly refuse?: Resource;
  readonly refusal?: KubeError;
  /** What admission makes of the containers that somebody only asks about. */
  readonly rewrite?: (resource: Resource, container: Container) => Container;
}): Promise<{
  view: LabView;
  made: PodSpec[];
  policies: unknown[];
  done: string[];
  left: () => string[];
}> {
  const {
    starts = () => true,
    policy = 'IfNotPresent',
    refuse,
    refusal = new KubeError(403, 'exceeded quota'),
    rewrite = (_resource: Resource, container: Container): Container => container,
  } = options;
  const state = new FakeState();
  const kube = fakeKube(state);
  await kube.applyAll(options.objects ?? [...NODES, deployment(policy)], { manager: 'test' });
  const made: PodSpec[] = [];
  const policies: unknown[] = [];
  const done: string[] = [];
  const get: KubeClient['get'] = async (resource: Resource, namespace, name) => {
    const object = await kube.get(resource, namespace, name);
    if (resource !== resources.pods || object === undefined) return object as never;
    const started = starts((object as unknown as Pod).spec);
    const container = started
      ? { name: 'refunds', imageID: `${host}/shop@sha256:1`, state: { running: {} }, lastState: {} }
      : { name: 'refunds', imageID: '', state: { waiting: { reason: 'ErrImagePull' } }, lastState: {} };
    const conditions = [{ type: 'Ready', status: started ? 'True' : 'False' }];
    return { ...object, status: { phase: 'Pending', conditions, containerStatuses: [container] } } as never;
  };
  const create: KubeClient['create'] = async (resource, object, options) => {
    if (refuse?.id === resource.id) throw refusal;
    if (options?.dryRun === true) return rewritten(resource, object) as never;
    if (resource.id === resources.pods.id) made.push((object as unknown as Pod).spec);
    if (resource.id === resources.networkPolicies.id) policies.push((object as Manifest)['spec']);
    return kube.create(resource, object);
  };
  const patch: KubeClient['patch'] = async (resource: Resource, ...rest) =>
    rewritten(resource, await kube.patch(resource, ...rest)) as never;
  const rewritten = (resource: Resource, object: object): object => {
    const { spec } = structuredClone(object) as Pod | Deployment;
    const { containers } = 'template' in spec ? spec.template.spec : spec;
    if (refuse?.id === resource.id) throw refusal;
    for (const [index, container] of containers.entries()) containers[index] = rewrite(resource, container);
    return { ...object, spec };
  };
  const exec: KubeClient['exec'] = () => Promise.resolve({ code: 0, stdout: 'PORT=8080\0', stderr: '' });
  const view = {
    kube: { ...kube, get, create, patch, exec },
    clock: new ManualClock(),
    random: new Random('1'),
    baseline: { get: () => undefined },
    signal: new AbortController().signal,
    cluster: {
      can: {
        registry: () =>
          Promise.resolve({
            tag: (...names: string[]) => {
              done.push(`tag ${names.join(' ')}`);
              return Promise.resolve();
            },
          }),
        node: (name: string) => ({
          removeImage: (reference: string) => {
            done.push(`remove ${reference} from ${name}`);
            return Promise.resolve();
          },
        }),
      },
    },
  } as unknown as LabView;
  return {
    view,
    made,
    policies,
    done,
    left: () => [...state.objects.keys()].filter((key) => /^(pods|replicasets|networkpolicies)/.test(key)),
  };
}

const graded = async (check: Check, view: LabView): Promise<Observation | undefined> => check.grade?.(view);

describe('freshTagPulls', () => {
  test('asks for a tag that nobody has had, with all else that the template says', async () => {
    const { view, made, done, left } = await lab({});
    expect(await graded(freshTagPulls(of, release), view)).toMatchObject({ status: 'pass' });
    const [tag = ''] = /check-\w+/.exec(done[0] ?? '') ?? [];
    expect(done).toEqual([`tag shop 1.5.0 ${tag}`]);
    expect(made).toEqual([
      expect.objectContaining({
        imagePullSecrets: [{ name: 'login' }],
        containers: [
          expect.objectContaining({ image: `${host}/shop:${tag}`, imagePullPolicy: 'IfNotPresent' }),
          expect.objectContaining({ image: 'busybox:1.37' }),
        ],
      }),
    ]);
    expect(left()).toEqual([]);
  });

  test('says what the pod waits for, and leaves nothing behind', async () => {
    const { view, left } = await lab({ starts: () => false });
    expect(await graded(freshTagPulls(of, release), view)).toEqual({
      status: 'fail',
      seen: 'a new pod from the template does not become ready: ErrImagePull',
    });
    expect(left()).toEqual([]);
  });

  test('a pod that is refused, and a Deployment that is gone, are fails', async () => {
    const { view } = await lab({ refuse: resources.pods });
    expect(await graded(freshTagPulls(of, release), view)).toMatchObject({
      status: 'fail',
      seen: 'a new pod is refused: exceeded quota',
    });
    const gone = await lab({ objects: NODES });
    expect(await graded(freshTagPulls(of, release), gone.view)).toMatchObject({ status: 'fail' });
  });

  test('without a registry that can be asked nothing is judged', async () => {
    const { view } = await lab({});
    const blind = { ...view, cluster: { can: {} } } as unknown as LabView;
    expect(await graded(freshTagPulls(of, release), blind)).toMatchObject({ status: 'error' });
    expect(await graded(startsWithoutCopy(of), blind)).toMatchObject({ status: 'error' });
  });
});

/** Where the scheduler may put it. */
const placeOf = ({ affinity }: PodSpec): string | undefined =>
  affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
    .flatMap(({ matchFields = [] }) => matchFields)
    .map(({ key, values }) => `${key}=${values?.join()}`)
    .join();

describe('startsWithoutCopy', () => {
  test('starts on each worker that has lost its copy', async () => {
    const { view, made, done } = await lab({});
    expect(await graded(startsWithoutCopy(of), view)).toMatchObject({ status: 'pass' });
    expect(done).toEqual([`remove ${IMAGE} from a`, `remove ${IMAGE} from b`]);
    expect(made.map(placeOf)).toEqual(['metadata.name=a', 'metadata.name=b']);
  });

  test('an image that no registry has stays where it is', async () => {
    const { view, made, done } = await lab({
      objects: [...NODES, deployment('IfNotPresent', { image: 'shop.test/shop:1.4.2' })],
    });
    expect(await graded(startsWithoutCopy(of), view)).toEqual({
      status: 'fail',
      seen: 'no registry has shop.test/shop:1.4.2, so no new node can pull it',
    });
    expect([...done, ...made]).toEqual([]);
  });

  test('where the template does not pull, the copy is put back', async () => {
    const { view, made, left } = await lab({
      policy: 'Never',
      starts: ({ containers }) => containers[0]?.imagePullPolicy === 'IfNotPresent',
    });
    expect(await graded(startsWithoutCopy(of), view)).toMatchObject({ status: 'fail' });
    expect(made.map(({ containers }) => containers[0]?.imagePullPolicy)).toEqual(['Never', 'IfNotPresent']);
    expect(left()).toEqual([]);
  });

  test('a Deployment that is gone is a fail', async () => {
    const { view } = await lab({ objects: NODES });
    expect(await graded(startsWithoutCopy(of), view)).toMatchObject({ status: 'fail' });
  });
});

describe('startsOnEveryNode', () => {
  test('tries every worker, and says which one does not take it', async () => {
    const { view, made } = await lab({});
    expect(await graded(startsOnEveryNode(of), view)).toEqual({ status: 'pass', seen: 'on a, b' });
    expect(made.map(placeOf)).toEqual(['metadata.name=a', 'metadata.name=b']);
    const { view: half } = await lab({ starts: (spec) => placeOf(spec) === 'metadata.name=a' });
    expect(await graded(startsOnEveryNode(of), half)).toEqual({
      status: 'fail',
      seen: 'on node b: a new pod from the template does not become ready: ErrImagePull',
    });
  });

  test('the scheduler has its say, and the template too, but for the others of its kind', async () => {
    const required = (matchExpressions: object[]) => ({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    });
    const disk = { key: 'disk', operator: 'Exists' };
    const affinity = { nodeAffinity: required([disk]), podAntiAffinity: { b: 1 } };
    const { view, made } = await lab({ objects: [...NODES, deployment('Always', {}, { affinity })] });
    expect(await graded(startsOnEveryNode(of), view)).toMatchObject({ status: 'pass' });
    expect(made[0]).not.toHaveProperty('nodeName');
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['a'] }];
    const nodeSelectorTerms = [{ matchExpressions: [disk], matchFields }];
    expect(made[0]?.affinity).toEqual({
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    });
  });

  test('no workers is a fail', async () => {
    const { view } = await lab({ objects: [deployment('Always')] });
    expect(await graded(startsOnEveryNode(of), view)).toEqual({ status: 'fail', seen: 'no node takes pods' });
  });
});

describe('startsAgain', () => {
  const probe = {
    tcpSocket: { port: 9090 },
    timeoutSeconds: 2,
    initialDelaySeconds: 600,
    periodSeconds: 300,
  };

  test('is asked for its life before everything else, whenever its template begins to', async () => {
    const objects = [...NODES, deployment('Always', { livenessProbe: probe })];
    const { view, made, left } = await lab({ objects });
    expect(await graded(startsAgain(of, 90_000), view)).toEqual({
      status: 'pass',
      seen: 'it came up, and no pod runs with other settings',
    });
    const [spec] = made;
    expect(spec?.nodeName).toBeUndefined();
    expect(spec?.containers[0]).toMatchObject({
      image: IMAGE,
      startupProbe: {
        tcpSocket: { port: 9090 },
        timeoutSeconds: 2,
        periodSeconds: 1,
        failureThreshold: 90,
      },
    });
    expect(spec?.containers[0]).not.toHaveProperty('livenessProbe');
    expect(spec?.containers[0]?.startupProbe).not.toHaveProperty('initialDelaySeconds');
    expect(left()).toEqual([]);
  });

  test('what runs beside the others is asked for its life in the place of its readiness, and keeps none from starting', async () => {
    const beside = { name: 'logs', image: 'busybox:1.37', restartPolicy: 'Always' };
    const livenessProbe = { ...probe, terminationGracePeriodSeconds: 5 };
    const before = { name: 'wait', image: 'busybox:1.37' };
    const initContainers = [before, { ...beside, livenessProbe }];
    const objects = [...NODES, deployment('Always', {}, { initContainers })];
    const { view, made, left } = await lab({ objects });
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'pass' });
    const readinessProbe = { tcpSocket: { port: 9090 }, timeoutSeconds: 2, periodSeconds: 1 };
    expect(made.map((spec) => spec.initContainers)).toEqual([
      [before, beside],
      [before, { ...beside, readinessProbe }],
    ]);
    expect(left()).toEqual([]);
    const starts = (spec: PodSpec): boolean => spec.initContainers?.[1]?.readinessProbe === undefined;
    const dead = await lab({ objects, starts });
    expect(await graded(startsAgain(of), dead.view)).toMatchObject({ status: 'fail' });
  });

  test.each([
    ['RollingUpdate', 'pass', 'it came up, and no pod runs with other settings'],
    [
      'Recreate',
      'fail',
      'a pod takes more than 60 s to end, and the next rollout waits for that (strategy Recreate)',
    ],
  ])('a pod that takes long to end, and the strategy %s', async (type, status, seen) => {
    const made = deployment('Always');
    const { view, left } = await lab({
      objects: [...NODES, { ...made, spec: { ...(made['spec'] as object), strategy: { type } } }],
    });
    const { kube } = view;
    const remove: KubeClient['delete'] = (resource, namespace, name, options) =>
      options?.grace === 0 ? kube.delete(resource, namespace, name, options) : Promise.resolve(true);
    const slow = { ...view, kube: { ...kube, delete: remove } };
    expect(await graded(startsAgain(of), slow)).toEqual({ status, seen });
    expect(left()).toEqual([]);
  });

  test('a pod that ends at once, and the strategy Recreate', async () => {
    const made = deployment('Always');
    const strategy = { type: 'Recreate' };
    const { view } = await lab({
      objects: [...NODES, { ...made, spec: { ...(made['spec'] as object), strategy } }],
    });
    expect(await graded(startsAgain(of), view)).toEqual({ status: 'pass', seen: 'it came up, and it ended' });
  });

  test('its own startup probe is asked as it is, and what its liveness probe asks besides of a pod more', async () => {
    const startupProbe = { tcpSocket: { port: 'http' }, periodSeconds: 10, failureThreshold: 30 };
    const two = [...NODES, deployment('Always', { livenessProbe: probe, startupProbe })];
    const { view, made, left } = await lab({ objects: two });
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'pass' });
    expect(made.map((spec) => spec.containers[0]?.startupProbe)).toEqual([
      startupProbe,
      expect.objectContaining({ tcpSocket: probe.tcpSocket, periodSeconds: 1 }),
    ]);
    expect(left()).toEqual([]);
    const same = { ...startupProbe, tcpSocket: probe.tcpSocket };
    const one = [...NODES, deployment('Always', { livenessProbe: probe, startupProbe: same })];
    const { view: again, made: once } = await lab({ objects: one });
    expect(await graded(startsAgain(of), again)).toMatchObject({ status: 'pass' });
    expect(once.map((spec) => spec.containers[0]?.startupProbe)).toEqual([same]);
  });

  test('a startup probe that nobody answers lets nothing come up, however well it is found alive', async () => {
    const startupProbe = { tcpSocket: { port: 'http' }, periodSeconds: 10, initialDelaySeconds: 20 };
    const objects = [...NODES, deployment('Always', { livenessProbe: probe, startupProbe })];
    const starts = (spec: PodSpec): boolean => spec.containers[0]?.startupProbe?.tcpSocket?.port !== 'http';
    const { view, made } = await lab({ objects, starts });
    const begun = view.clock.now().getTime();
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'fail' });
    // As long as any, and until the probe can have been asked.
    expect(view.clock.now().getTime() - begun).toBe(90_000);
    expect(made).toHaveLength(1);
  });

  test('is not asked at a port that it does not have: such a probe kills nothing', async () => {
    const nowhere = { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 };
    const { view, made } = await lab({
      objects: [...NODES, deployment('Always', { livenessProbe: nowhere })],
    });
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'pass' });
    expect(made[0]?.containers[0]).not.toHaveProperty('startupProbe');
    expect(made[0]?.containers[0]).not.toHaveProperty('livenessProbe');
  });

  test("takes nobody's place, but stays where its template says", async () => {
    const affinity = { nodeAffinity: { a: 1 }, podAntiAffinity: { b: 1 } };
    const { view, made } = await lab({ objects: [...NODES, deployment('Always', {}, { affinity })] });
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'pass' });
    expect(made[0]?.affinity).toEqual({ nodeAffinity: { a: 1 } });
  });

  test('takes no ports of a node, which those that are there may have; no policy hinders who would be on its network', async () => {
    const ports = [
      { name: 'http', containerPort: 8080, protocol: 'TCP', hostPort: 8080, hostIP: '127.0.0.1' },
    ];
    const objects = [...NODES, deployment('Always', { ports }, { hostNetwork: true })];
    const { view, made, policies, left } = await lab({ objects });
    expect(await graded(startsAgain(of), view)).toMatchObject({ status: 'pass' });
    expect(made[0]).not.toHaveProperty('hostNetwork');
    expect(policies).toEqual([
      expect.objectContaining({
        podSelector: { matchLabels: { 'breakfix.dev/clone': expect.any(String) } },
        ingress: [{}],
        egress: [{}],
      }),
    ]);
    expect(left()).toEqual([]);
    expect(made[0]?.containers[0]?.ports).toEqual([{ name: 'http', containerPort: 8080, protocol: 'TCP' }]);
  });

  test('fails where the next rollout finds no node: who runs has the ports of all, and may not go first', async () => {
    const ports = [{ name: 'http', containerPort: 8080, protocol: 'TCP' }];
    const template = deployment('Always', { ports }, { hostNetwork: true });
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } };
    const spec = { ...(template['spec'] as object), replicas: 3, strategy };
    const { view, made, left } = await lab({ objects: [...NODES, { ...template, spec }] });
    expect(await graded(startsAgain(of), view)).toEqual({
      status: 'fail',
      seen: 'no old pod may end first (maxUnavailable), and each of the 3 nodes already has a pod',
    });
    expect(made).toEqual([]);
    expect(left()).toEqual([]);
  });

  test.each([
    ['deployments', 'the next rollout of refunds'],
    ['replicaSets', 'the next ReplicaSet of refunds'],
    ['pods', 'the next pod of refunds'],
  ] as const)('%s that are refused or rewritten are fails', async (kind, what) => {
    const { view, made, left } = await lab({ refuse: resources[kind] });
    const refused = { status: 'fail', seen: `${what} is refused: exceeded quota` };
    expect(await graded(startsAgain(of), view)).toEqual(refused);
    const rewrites = async (fields: object): Promise<Observation | undefined> => {
      const rewrite = ({ id }: Resource, container: Container): Container =>
        id === resources[kind].id ? { ...container, ...fields } : container;
      return graded(startsAgain(of), (await lab({ rewrite })).view);
    };
    expect(await rewrites({ image: 'other' })).toEqual({
      status: 'fail',
      seen: `${what} gets another image than the template has: other`,
    });
    expect(await rewrites({ imagePullPolicy: 'Never' })).toEqual({
      status: 'fail',
      seen: `${what} cannot pull its image: it gets imagePullPolicy Never, which its template does not have`,
    });
    expect(await rewrites({ name: 'another' })).toMatchObject({ status: 'fail' });
    expect(await rewrites({ imagePullPolicy: 'Always' })).toMatchObject({ status: 'pass' });
    expect(made).toEqual([]);
    expect(left()).toEqual([]);
  });

  test('fails where the next rollout gets no ReplicaSet', async () => {
    const { view, made, left } = await lab({ refuse: resources.replicaSets });
    expect(await graded(startsAgain(of), view)).toEqual({
      status: 'fail',
      seen: 'the next ReplicaSet of refunds is refused: exceeded quota',
    });
    expect(made).toEqual([]);
    expect(left()).toEqual([]);
  });

  test('a webhook that does not answer is a refusal, which the server words as an error of its own', async () => {
    const words = 'Internal error occurred: failed calling webhook "a.test": no endpoints available';
    const refusal = new KubeError(500, words);
    const { view } = await lab({ refuse: resources.pods, refusal });
    expect(await graded(startsAgain(of), view)).toEqual({
      status: 'fail',
      seen: `the next pod of refunds is refused: ${words}`,
    });
    const { view: inTrouble } = await lab({ refuse: resources.pods, refusal: new KubeError(500, 'etcd') });
    await expect(graded(startsAgain(of), inTrouble)).rejects.toThrow('etcd');
  });

  test('fails where it does not come up in time, or is gone', async () => {
    const { view, left } = await lab({ starts: () => false });
    const begun = view.clock.now().getTime();
    expect(await graded(startsAgain(of, 90_000), view)).toMatchObject({ status: 'fail' });
    expect(view.clock.now().getTime() - begun).toBe(90_000);
    expect(left()).toEqual([]);
    const { view: gone } = await lab({ objects: NODES });
    expect(await graded(startsAgain(of), gone)).toMatchObject({ status: 'fail' });
  });
});
