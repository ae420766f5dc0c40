import { describe, expect, test } from '@jest/globals';
import { Baseline } from '../../../src/checks/baseline.ts';
import type { LabView } from '../../../src/checks/check.ts';
import { imageAsBefore, imageIs, mayPull, repositoryKept } from '../../../src/checks/images.ts';
import { networkPoliciesKept } from '../../../src/checks/objects.ts';
import { spreadOver } from '../../../src/checks/workloads.ts';
import { Random } from '../../../src/core/random.ts';
import type { Manifest } from '../../../src/kube/client.ts';
import { resources } from '../../../src/model/resources.ts';
import { fakeKube, FakeState } from '../support/fake-kube.ts';
import { aNode, labView, object } from './support.ts';

const namespace = 'shop';
const of = { namespace, name: 'refunds' };
const IMAGE = 'registry.shop.test:5000/shop:1.4.2';

interface PodOptions {
  readonly digest?: string;
  readonly nodeName?: string;
  readonly ready?: boolean;
}

const pod = (name: string, owner: string, options: PodOptions): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { app: 'refunds' }, ownerReferences: [{ uid: owner }] },
  spec: { nodeName: options.nodeName ?? 'a', containers: [{ name: 'refunds', image: IMAGE }] },
  status: {
    conditions: [{ type: 'Ready', status: options.ready === false ? 'False' : 'True' }],
    containerStatuses: [
      { name: 'refunds', imageID: options.digest === undefined ? '' : `x@${options.digest}` },
    ],
  },
});

/** A Deployment with pods, and what it was before. */
async function lab(
  pods: readonly PodOptions[],
  before: readonly PodOptions[] = [],
  container: object = {},
): Promise<LabView> {
  const kube = fakeKube(new FakeState());
  const template = {
    metadata: { labels: { app: 'refunds' } },
    spec: { containers: [{ name: 'refunds', image: IMAGE, ...container }] },
  };
  const put = (manifest: Manifest): Promise<unknown> => kube.applyAll([manifest], { manager: 'test' });
  await put({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: of, spec: { template } });
  await put(aNode('a'));
  const owner = (await kube.get(resources.deployments, namespace, 'refunds'))?.metadata.uid ?? '';
  const metadata = { name: 'refunds-1', namespace, ownerReferences: [{ uid: owner }] } as never;
  await put({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: { template } });
  const set = (await kube.get(resources.replicaSets, namespace, 'refunds-1'))?.metadata.uid ?? '';
  for (const [index, one] of pods.entries()) await put(pod(`refunds-${index}`, set, one));
  const remembered = before.map((one, index) => [
    `pods/${namespace}/was-${index}`,
    pod(`was-${index}`, set, one),
  ]);
  const baseline = new Baseline(Object.fromEntries(remembered) as never);
  return { kube, baseline, random: new Random('images') } as unknown as LabView;
}

const OLD = 'sha256:1';

describe('imageAsBefore', () => {
  test.each([
    ['pass', [{ digest: OLD }, { digest: OLD }]],
    ['fail', [{ digest: OLD }, {}]],
    ['fail', [{ digest: OLD }, { digest: 'sha256:11' }]],
    ['fail', []],
  ])('%s', async (status, pods) => {
    expect(await imageAsBefore(of).look(await lab(pods, [{ digest: OLD }]))).toMatchObject({ status });
  });

  test.each([
    ['pass', 'mirror.shop.test:5000/shop:1.4.2'],
    ['pass', `registry.shop.test:5000/shop@${OLD}`],
    ['pass', `registry.shop.test:5000/shop:new@${OLD}`],
    ['fail', 'registry.shop.test:5000/shop:1.5.0'],
    ['fail', 'registry.shop.test:5000/shop'],
    ['fail', 'registry.shop.test:5000/shop:1.4.2@sha256:2'],
  ])('%s for a template that asks for %s, whatever its pods say', async (status, image) => {
    const view = await lab([{ digest: OLD }], [{ digest: OLD }], { image });
    expect(await imageAsBefore(of).look(view)).toMatchObject({ status });
  });

  test.each([
    ['refunds-0', [{}, { digest: 'sha256:11' }]],
    ['refunds-1', [{ digest: 'sha256:11' }, {}]],
  ])('tells of the one that has no image, whichever comes first: %s', async (name, pods) => {
    const seen = `pod ${name} has no image yet`;
    expect(await imageAsBefore(of).look(await lab(pods, [{ digest: OLD }]))).toMatchObject({ seen });
  });

  test('nothing to compare with cannot be judged', async () => {
    expect(await imageAsBefore(of).look(await lab([{ digest: OLD }]))).toMatchObject({ status: 'error' });
  });
});

describe('imageIs', () => {
  const release = { host: 'registry.shop.test:5000', repository: 'shop', tag: '1.5.0' };
  const withRegistry = async (container: object): Promise<LabView> => ({
    ...(await lab([{ digest: OLD }], [], container)),
    cluster: { can: { registry: () => Promise.resolve({ digest: () => Promise.resolve(OLD) }) } } as never,
  });

  test.each([
    ['pass', 'registry.shop.test:5000/shop:1.5.0'],
    ['pass', `registry.shop.test:5000/shop@${OLD}`],
    ['fail', IMAGE],
    ['fail', 'registry.shop.test:5000/shop@sha256:2'],
  ])('%s for a template that asks for %s, whatever its pods say', async (status, image) => {
    expect(await imageIs(of, release).look(await withRegistry({ image }))).toMatchObject({ status });
  });

  test('without a registry nobody can say', async () => {
    const view = { ...(await lab([{ digest: OLD }])), cluster: { can: {} } as never };
    expect(await imageIs(of, release).look(view)).toMatchObject({ status: 'error' });
  });
});

describe('repositoryKept', () => {
  const deployment = (image: string) =>
    object('apps/v1', 'Deployment', 'refunds@shop', {
      spec: { template: { spec: { containers: [{ name: 'refunds', image }] } } },
    });

  test.each([
    ['pass', 'pass', 'registry.shop.test:5000/shop:1.5.0'],
    ['pass', 'pass', 'registry.shop.test:5000/shop'],
    ['pass', 'pass', 'registry.shop.test:5000/shop:1.5.0@sha256:1'],
    ['fail', 'pass', 'mirror.shop.test:5000/shop@sha256:1'],
    ['fail', 'fail', 'shop.test/shop:1.4.2'],
    ['fail', 'fail', 'registry.shop.test:5000/shop/other:1.4.2'],
  ])('%s, and with a mirror %s, for %s', async (alone, mirrored, image) => {
    const view = await labView([deployment(IMAGE)]);
    await view.put(deployment(image));
    expect(await repositoryKept(of).look(view)).toMatchObject({ status: alone });
    const check = repositoryKept(of, ['mirror.shop.test:5000/shop']);
    expect(await check.look(view)).toMatchObject({ status: mirrored });
  });

  test('a Deployment that is gone is a fail', async () => {
    expect(await repositoryKept(of).look(await labView([]))).toMatchObject({ status: 'fail' });
  });
});

describe('mayPull', () => {
  test.each([
    ['pass', 'IfNotPresent'],
    ['pass', 'Always'],
    ['fail', 'Never'],
  ])('%s for %s', async (status, imagePullPolicy) => {
    expect(await mayPull(of).look(await lab([], [], { imagePullPolicy }))).toMatchObject({ status });
  });

  const container = { name: 'refunds', image: IMAGE };
  const notes = (reference: string, pullPolicy: string) => ({
    volumes: [
      { name: 'data', emptyDir: {} },
      { name: 'notes', image: { reference, pullPolicy } },
    ],
  });
  const byHand =
    'shop.test/shop:1.4.2, which is in no registry: it was loaded by hand onto the nodes of today';

  test.each([
    ['it can', { initContainers: [{ name: 'first', image: 'busybox:1.37' }] }],
    [
      `container first has the image ${byHand}`,
      { initContainers: [{ name: 'first', image: 'shop.test/shop:1.4.2' }] },
    ],
    ['it can', notes(IMAGE, 'IfNotPresent')],
    [`volume notes has the image ${byHand}`, notes('shop.test/shop:1.4.2', 'IfNotPresent')],
    ['volume notes has the pull policy Never, so a new node cannot pull its image', notes(IMAGE, 'Never')],
  ])('%s', async (seen, spec) => {
    const template = { spec: { containers: [container], ...spec } };
    const refunds = object('apps/v1', 'Deployment', 'refunds@shop', { spec: { template } });
    const view = await labView([aNode('a'), refunds]);
    expect(await mayPull(of).look(view)).toMatchObject({ seen });
  });

  test('a Deployment that is gone is a fail', async () => {
    const view = await lab([]);
    await view.kube.delete(resources.deployments, namespace, 'refunds');
    expect(await mayPull(of).look(view)).toMatchObject({ status: 'fail' });
    expect(await spreadOver(of, 1).look(view)).toMatchObject({ status: 'fail' });
    expect(await imageAsBefore(of).look(await lab([], [{ digest: OLD }]))).toMatchObject({ status: 'fail' });
  });
});

describe('mayPull looks at who may run it', () => {
  const labels = (app: string) => ({ app, 'app.kubernetes.io/part-of': 'shop' });
  const deployment = (spec: object, app = 'refunds') =>
    object('apps/v1', 'Deployment', `${app}@shop`, {
      spec: {
        template: {
          metadata: { labels: labels(app) },
          spec: { containers: [{ name: app, image: IMAGE }], ...spec },
        },
      },
    });
  const term = (matchLabels: object, topologyKey = 'kubernetes.io/hostname') => ({
    labelSelector: { matchLabels },
    topologyKey,
  });
  const required = (rule: object) => ({ requiredDuringSchedulingIgnoredDuringExecution: [rule] });
  const own = { app: 'refunds' };
  const all = { 'app.kubernetes.io/part-of': 'shop' };
  const spread = (rule: object, whenUnsatisfiable = 'DoNotSchedule') => ({
    topologySpreadConstraints: [{ ...rule, maxSkew: 1, whenUnsatisfiable }],
  });
  const terms = { nodeSelectorTerms: [{ matchExpressions: [] }] };

  test.each([
    ['pass', { nodeSelector: {}, affinity: { podAntiAffinity: {} } }],
    ['pass', { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } }],
    ['fail', { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } }],
    ['pass', { nodeSelector: { 'kubernetes.io/os': 'linux' } }],
    ['fail', { nodeSelector: { 'kubernetes.io/hostname': 'a' } }],
    ['fail', { nodeName: 'a' }],
    // One of its own at a time keeps no node away.
    ['pass', { affinity: { podAntiAffinity: required(term(own)) } }],
    ['pass', spread(term(own))],
    ['pass', spread(term(all, 'rack'), 'ScheduleAnyway')],
    ['pass', { affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } } }],
    ['fail', { affinity: { podAffinity: required(term(all)) } }],
    ['fail', { affinity: { podAffinity: required(term(own)) } }],
    ['fail', { affinity: { podAntiAffinity: required(term({ app: 'fx' })) } }],
    ['fail', { affinity: { podAntiAffinity: required(term(all)) } }],
    ['fail', { affinity: { podAntiAffinity: required(term(own, 'rack')) } }],
    ['fail', spread(term(own, 'rack'))],
    ['fail', spread(term(all))],
  ])('%s for %j', async (status, spec) => {
    const view = await labView([aNode('a'), deployment({}), deployment({}, 'fx')]);
    await view.put(deployment(spec));
    expect(await mayPull(of).look(view)).toMatchObject({ status });
  });
});

describe('spreadOver', () => {
  test.each([
    ['pass', [{ nodeName: 'a' }, { nodeName: 'b' }]],
    ['fail', [{ nodeName: 'a' }, { nodeName: 'a' }]],
    ['fail', [{ nodeName: 'a' }, { nodeName: 'b', ready: false }]],
  ])('%s', async (status, pods) => {
    expect(await spreadOver(of, 2).look(await lab(pods))).toMatchObject({ status });
  });
});

describe('networkPoliciesKept', () => {
  const policy = (name: string, spec: object): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec,
  });
  const deny = policy('default-deny', { podSelector: {}, policyTypes: ['Egress'] });

  test.each([
    ['pass', 'the same', [deny]],
    ['fail', 'one is gone', []],
    ['fail', 'one is another', [policy('default-deny', { podSelector: {}, policyTypes: [] })]],
    ['fail', 'one was added', [deny, policy('open', { podSelector: {}, egress: [{}] })]],
  ])('%s: %s', async (status, _what, now) => {
    const kube = fakeKube(new FakeState());
    await kube.applyAll([deny], { manager: 'test' });
    const baseline = await Baseline.capture(kube, [namespace]);
    await kube.delete(resources.networkPolicies, namespace, 'default-deny');
    await kube.applyAll(now, { manager: 'test' });
    const view = { kube, baseline } as unknown as LabView;
    expect(await networkPoliciesKept(namespace).look(view)).toMatchObject({ status });
  });
});
