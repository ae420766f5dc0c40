import { describe, expect, test } from '@jest/globals';
import { edit } from '../../../../src/core/json.ts';
import type { EndpointSlice, NewObject, Pod, Service } from '../../../../src/model/objects.ts';
import { resources } from '../../../../src/model/resources.ts';
import { World, pod, podSpec, setPodStatus } from '../support/world.ts';

const service = (
  spec: Partial<Service['spec']> = {},
  labels?: Record<string, string>,
): NewObject<Service> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop', ...(labels === undefined ? {} : { labels }) },
  spec: {
    type: 'ClusterIP',
    sessionAffinity: 'None',
    clusterIP: '10.96.0.10',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
    ...spec,
  },
});
const started = (): World => new World().start('endpointslice', 'endpoints');
const slices = (world: World): readonly EndpointSlice[] =>
  world.api.list(resources.endpointSlices, { namespace: 'shop' });
const run = (world: World, name: string, ip: string, isReady = true, spec = {}): Pod => {
  const created = world.api.create(
    resources.pods,
    pod(name, { nodeName: 'worker', ...spec }, { labels: { app: 'web' } }),
  );
  return setPodStatus(world.api, created, world.simulation.timestamp(), isReady, ip);
};

describe('endpoints', () => {
  test('a Service without pods has an empty slice', async () => {
    const world = started();
    world.api.create(resources.services, service({}, { team: 'a' }));
    await world.seconds(1);
    expect(slices(world)).toEqual([
      expect.objectContaining({ addressType: 'IPv4', endpoints: null, ports: null }),
    ]);
    expect(slices(world)[0]?.metadata).toMatchObject({
      generateName: 'web-',
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
      labels: {
        team: 'a',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': 'web',
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Service', name: 'web', controller: true, blockOwnerDeletion: true },
      ],
    });
    expect(world.api.get(resources.endpoints, 'shop', 'web')?.metadata).toMatchObject({
      labels: { team: 'a', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    });
    expect(world.api.get(resources.endpoints, 'shop', 'web')).not.toHaveProperty('subsets');
  });

  test('readiness and termination are conditions, and the slice stays the same one', async () => {
    const world = started();
    world.api.create(resources.services, service());
    await world.seconds(1);
    const name = slices(world)[0]?.metadata.name;
    const a = run(world, 'a', '10.244.0.1');
    run(world, 'b', '10.244.0.2', false);
    await world.seconds(1);
    const endpoint = (of: string, ip: string, ready: boolean, serving: boolean, terminating: boolean) => ({
      addresses: [ip],
      conditions: { ready, serving, terminating },
      nodeName: 'worker',
      targetRef: {
        kind: 'Pod',
        namespace: 'shop',
        name: of,
        uid: world.api.get(resources.pods, 'shop', of)?.metadata.uid,
      },
    });
    expect(slices(world)).toHaveLength(1);
    expect(slices(world)[0]).toMatchObject({
      metadata: { name },
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    });
    expect(slices(world)[0]?.endpoints).toEqual([
      endpoint('a', '10.244.0.1', true, true, false),
      endpoint('b', '10.244.0.2', false, false, false),
    ]);
    expect(world.api.get(resources.endpoints, 'shop', 'web')?.subsets).toEqual([
      {
        addresses: [expect.objectContaining({ ip: '10.244.0.1', nodeName: 'worker' })],
        notReadyAddresses: [expect.objectContaining({ ip: '10.244.0.2' })],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ]);
    world.api.delete(resources.pods, 'shop', 'a');
    await world.seconds(1);
    expect(slices(world)[0]?.endpoints?.[0]).toEqual(endpoint('a', '10.244.0.1', false, true, true));
    expect(world.api.get(resources.endpoints, 'shop', 'web')?.subsets?.[0]).not.toHaveProperty('addresses');
    world.api.delete(resources.pods, 'shop', a.metadata.name, { gracePeriodSeconds: 0 });
    await world.seconds(1);
    expect(slices(world)[0]?.endpoints?.map(({ targetRef }) => targetRef?.name)).toEqual(['b']);
  });

  test('a pod that somebody calls ready without a word since when counts, and causes no trigger time', async () => {
    const world = started();
    world.api.create(resources.services, service());
    await world.seconds(1);
    world.api.updateStatus(
      resources.pods,
      edit(run(world, 'a', '10.244.0.1', false), (draft) => {
        draft.status.conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: null }];
      }),
    );
    await world.seconds(1);
    expect(slices(world)[0]?.endpoints?.[0]?.conditions).toMatchObject({ ready: true });
    expect(slices(world)[0]?.metadata).not.toHaveProperty('annotations');
  });

  // What k8s.io/endpointslice 0.36.3 makes of them, and a real cluster of the first two.
  test.each([
    [['dns 5353/UDP', 'dns-tcp 5353/TCP', 'http 8080/TCP'], 'http, dns, dns-tcp'],
    [['metrics 9153/TCP', 'dns-tcp 53/TCP', 'dns 53/UDP'], 'dns, dns-tcp, metrics'],
    [['http 80/TCP http', 'https 443/TCP kubernetes.io/h2c', 'a 1/SCTP'], 'https, http, a'],
  ])('ports stand in the order of their hashes: %j', async (given, order) => {
    const world = started();
    const ports = given.map((text) => {
      const [, name = '', number = '', protocol = '', appProtocol] =
        /^(\S+) (\d+)\/(\S+)(?: (\S+))?$/.exec(text) ?? [];
      const port = { name, port: Number(number), targetPort: Number(number), protocol: protocol as 'TCP' };
      return appProtocol === undefined ? port : { ...port, appProtocol };
    });
    world.api.create(resources.services, service({ ports }));
    run(world, 'web-1', '10.244.1.2');
    await world.seconds(1);
    expect(slices(world).map((slice) => slice.ports?.map(({ name }) => name).join(', '))).toEqual([order]);
  });

  test('named target ports: pods that differ get slices of their own', async () => {
    const world = started();
    world.api.create(
      resources.services,
      service({ ports: [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }] }),
    );
    const on = (containerPort: number) => ({
      containers: [{ ...podSpec().containers[0]!, ports: [{ name: 'web', containerPort, protocol: 'TCP' }] }],
    });
    run(world, 'a', '10.244.0.1', true, on(8080));
    run(world, 'b', '10.244.0.2', true, on(9090));
    run(world, 'c', '10.244.0.3', true, {});
    await world.seconds(1);
    expect(
      slices(world)
        .map((slice) => [slice.endpoints?.map(({ targetRef }) => targetRef?.name), slice.ports])
        .sort((x, y) => JSON.stringify(x).localeCompare(JSON.stringify(y))),
    ).toEqual([
      [['a'], [{ name: 'http', port: 8080, protocol: 'TCP' }]],
      [['b'], [{ name: 'http', port: 9090, protocol: 'TCP' }]],
      // A pod without the port has an endpoint without ports.
      [['c'], null],
    ]);
  });

  test('headless Services publish host names, and unready pods when asked to', async () => {
    const world = started();
    world.api.create(resources.services, service({ clusterIP: 'None', publishNotReadyAddresses: true }));
    run(world, 'web-0', '10.244.0.1', false, { hostname: 'web-0', subdomain: 'web' });
    await world.seconds(1);
    expect(slices(world)[0]?.metadata.labels).toMatchObject({ 'service.kubernetes.io/headless': '' });
    expect(slices(world)[0]?.endpoints?.[0]).toMatchObject({
      hostname: 'web-0',
      conditions: { ready: true, serving: false, terminating: false },
    });
    expect(world.api.get(resources.endpoints, 'shop', 'web')?.subsets?.[0]?.addresses?.[0]).toMatchObject({
      hostname: 'web-0',
    });
  });

  test('Endpoints that somebody made for no Service stay', async () => {
    const world = started();
    await world.seconds(1);
    world.api.create(resources.endpoints, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'own', namespace: 'shop' },
      subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ port: 80, protocol: 'TCP' }] }],
    });
    await world.seconds(2);
    expect(world.api.get(resources.endpoints, 'shop', 'own')).toBeDefined();
  });

  test('a selector that matches nothing any more empties the slice', async () => {
    const world = started();
    const created = world.api.create(resources.services, service());
    run(world, 'a', '10.244.0.1');
    await world.seconds(1);
    world.api.update(
      resources.services,
      edit(created, (draft) => {
        draft.spec.selector = { app: 'wbe' };
      }),
    );
    await world.seconds(1);
    expect(slices(world)).toHaveLength(1);
    expect(slices(world)[0]).toMatchObject({ endpoints: null, ports: null });
  });

  test('a Service that is being deleted keeps its slices right, and gets no new ones', async () => {
    const world = started();
    const metadata = { name: 'web', namespace: 'shop', finalizers: ['example.com/hold'] };
    world.api.create(resources.services, { ...service(), metadata });
    run(world, 'a', '10.244.0.1');
    await world.seconds(1);
    world.api.delete(resources.services, 'shop', 'web');
    run(world, 'b', '10.244.0.2');
    await world.seconds(1);
    expect(slices(world)[0]?.endpoints).toHaveLength(2);
    world.api.delete(resources.endpointSlices, 'shop', slices(world)[0]?.metadata.name ?? '');
    await world.seconds(2);
    expect(slices(world)).toEqual([]);
  });

  test('ports of Endpoints come in the order of their hashes', async () => {
    const world = started();
    const ports = [0, 1, 2, 3, 4, 5].map((at) => ({
      name: `a${at}`,
      port: 8000 + at,
      targetPort: 8000 + at,
      protocol: 'TCP' as const,
    }));
    world.api.create(resources.services, service({ ports }));
    run(world, 'one', '10.244.1.1');
    await world.seconds(2);
    const [subset] = world.api.get(resources.endpoints, 'shop', 'web')?.subsets ?? [];
    // As a real cluster had them.
    expect(subset?.ports?.map(({ name }) => name)).toEqual(['a0', 'a5', 'a2', 'a1', 'a3', 'a4']);
  });

  test('no more than a hundred endpoints a slice', async () => {
    const world = started();
    world.api.create(resources.services, service());
    for (let index = 0; index < 150; index++) run(world, `p${index}`, `10.244.1.${index}`);
    await world.seconds(1);
    expect(
      slices(world)
        .map((slice) => slice.endpoints?.length)
        .sort(),
    ).toEqual([100, 50]);
    const before = slices(world).map((slice) => slice.metadata.resourceVersion);
    world.api.delete(resources.pods, 'shop', 'p0', { gracePeriodSeconds: 0 });
    await world.seconds(1);
    // One slice is written, the other left alone.
    expect(slices(world).filter((slice) => before.includes(slice.metadata.resourceVersion))).toHaveLength(1);
  });

  test('slices of hand-made Endpoints, for a Service without a selector', async () => {
    const world = new World().start('endpointslice-mirroring');
    const { selector: _selector, ...spec } = service().spec;
    world.api.create(resources.services, { ...service(), spec });
    world.api.create(resources.endpoints, {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'shop', labels: { x: 'y1' } },
      subsets: [{ addresses: [{ ip: '10.1.1.1' }], ports: [{ port: 80, protocol: 'TCP' }] }],
    });
    await world.seconds(1);
    expect(slices(world)).toHaveLength(1);
    // As on kind.
    expect(slices(world)[0]).toMatchObject({
      metadata: {
        generateName: 'web-',
        labels: {
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
          'kubernetes.io/service-name': 'web',
          x: 'y1',
        },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'web', controller: true }],
      },
      endpoints: [{ addresses: ['10.1.1.1'], conditions: { ready: true } }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
    world.api.delete(resources.endpoints, 'shop', 'web');
    await world.seconds(1);
    expect(slices(world)).toEqual([]);
  });
});
