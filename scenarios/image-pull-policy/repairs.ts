import {
  type Fix,
  faults,
  fix,
  type Hack,
  hack,
  type LabView,
  resources,
  seconds,
  workersOf,
} from 'breakfix';
import { type Cause, host, image, namespace, newTag, oldTag, repository } from './release.ts';

interface Values {
  readonly service: string;
  readonly cause: Cause;
}

const partOfShop = { 'app.kubernetes.io/part-of': 'shop' };

const setContainer = (lab: LabView, service: string, fields: object): Promise<void> =>
  faults.patchPods(lab, { namespace, name: service }, { containers: [{ name: service, ...fields }] });

/** The new release by what its tag stands for. */
const pinned = async (lab: LabView): Promise<string> =>
  `${host}/${repository}@${await faults.digestOf(lab, { host, repository, tag: newTag })}`;

/** What the pods that run say of their image; the registry may be down. */
const saidImage = async (lab: LabView, service: string): Promise<string> => {
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
  const said = pods.flatMap(({ status }) => status.containerStatuses?.map(({ imageID }) => imageID) ?? []);
  return said.find((imageID) => imageID.startsWith(host)) ?? '';
};

/** A DaemonSet that has every node fetch an image before anybody needs it. */
const prePull = async (lab: LabView, service: string, of: string): Promise<void> => {
  const labels = { app: 'pre-pull' };
  await lab.kube.create(resources.daemonSets, {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'pre-pull', namespace },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'pre-pull',
              image: of,
              imagePullPolicy: 'IfNotPresent',
              env: [{ name: 'ROLE', value: service }],
            },
          ],
        },
      },
    } as never,
  });
  await lab.clock.wait(seconds(20), lab.signal);
};

/** The worker on which a pod of the newest template runs. */
const nodeThatHas = async (lab: LabView, service: string): Promise<string> => {
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
  const running = pods.find(({ status }) => status.containerStatuses?.every(({ ready }) => ready));
  return running?.spec.nodeName ?? '';
};

export function fixesOf({ service, cause }: Values): readonly Fix[] {
  const wanted = image(cause === 'never' ? newTag : oldTag);
  const edit = (policy: string) =>
    `kubectl -n shop patch deployment ${service} -p '{"spec":{"template":{"spec":{"containers":[{"name":"${service}","imagePullPolicy":"${policy}"}]}}}}'`;
  const common = [
    fix('if-not-present', [edit('IfNotPresent')], async (lab) => {
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
    }),
    fix(
      'default',
      ['remove the field: for a tag other than latest the default is IfNotPresent'],
      async (lab) => {
        await setContainer(lab, service, { imagePullPolicy: null });
      },
    ),
    fix(
      'spread-by-constraint-too',
      [edit('IfNotPresent'), 'and topologySpreadConstraints that put its pods on different nodes'],
      async (lab) => {
        const labelSelector = { matchLabels: { app: service } };
        const apart = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', labelSelector };
        await faults.patchPods(
          lab,
          { namespace, name: service },
          {
            containers: [{ name: service, imagePullPolicy: 'IfNotPresent' }],
            topologySpreadConstraints: [{ ...apart, whenUnsatisfiable: 'DoNotSchedule' }],
          },
        );
      },
    ),
    fix(
      'apart-in-each-rollout',
      [
        edit('IfNotPresent'),
        'matchLabelKeys: [pod-template-hash] in the anti-affinity, then maxSurge: 1 and maxUnavailable: 0: new pods come up beside the old ones',
      ],
      async (lab) => {
        const selected = {
          labelSelector: { matchLabels: { app: service } },
          matchLabelKeys: ['pod-template-hash'],
        };
        const apart = { ...selected, topologyKey: 'kubernetes.io/hostname' };
        const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [apart] };
        const containers = [{ name: service, imagePullPolicy: 'IfNotPresent' }];
        await faults.patchPods(
          lab,
          { namespace, name: service },
          { affinity: { podAntiAffinity }, containers },
        );
        await lab.clock.wait(seconds(60), lab.signal);
        const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
        await lab.kube.patch(
          resources.deployments,
          namespace,
          service,
          { spec: { strategy } },
          { type: 'merge' },
        );
        await faults.restart(lab, { namespace, name: service });
      },
    ),
    fix('pre-pull', ['a DaemonSet that keeps the image on every node', edit('IfNotPresent')], async (lab) => {
      await prePull(lab, service, wanted);
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
    }),
  ];
  return cause === 'never'
    ? [
        ...common,
        fix('always', [edit('Always')], async (lab) => {
          await setContainer(lab, service, { imagePullPolicy: 'Always' });
        }),
        fix('digest', ['the digest instead of the tag, and IfNotPresent'], async (lab) => {
          await setContainer(lab, service, { image: await pinned(lab), imagePullPolicy: 'IfNotPresent' });
        }),
      ]
    : [
        ...common,
        fix('undo', [`kubectl -n shop rollout undo deployment ${service}`], async (lab) => {
          await setContainer(lab, service, { image: image(oldTag), imagePullPolicy: 'IfNotPresent' });
        }),
      ];
}

export function hacksOf({ service, cause }: Values): readonly Hack[] {
  return [
    hack('node-name', 'new-pod', async (lab) => {
      const nodeName = await nodeThatHas(lab, service);
      await faults.patchPods(lab, { namespace, name: service }, { nodeName });
    }),
    hack('node-selector', 'both-nodes', async (lab) => {
      const nodeSelector = { 'kubernetes.io/hostname': await nodeThatHas(lab, service) };
      await faults.patchPods(lab, { namespace, name: service }, { nodeSelector, affinity: null });
    }),
    hack('todays-nodes', 'new-node', async (lab) => {
      const containers = [{ name: service, imagePullPolicy: 'IfNotPresent' }];
      const spec = { ...(await faults.todaysNodes(lab)), containers };
      await faults.patchPods(lab, { namespace, name: service }, spec);
    }),
    hack('labelled-nodes', 'new-node', async (lab) => {
      for (const { metadata } of await lab.kube.list(resources.nodes)) {
        const labelled = { metadata: { labels: { pool: 'shop' } } };
        await lab.kube.patch(resources.nodes, undefined, metadata.name, labelled, { type: 'merge' });
      }
      await faults.patchPods(
        lab,
        { namespace, name: service },
        {
          nodeSelector: { pool: 'shop' },
          containers: [{ name: service, imagePullPolicy: 'IfNotPresent' }],
        },
      );
    }),
    // A node that comes tomorrow has nobody of the shop.
    hack('where-the-shop-is', 'new-node', async (lab) => {
      const shop = { labelSelector: { matchLabels: partOfShop }, topologyKey: 'kubernetes.io/hostname' };
      const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [shop] };
      const containers = [{ name: service, imagePullPolicy: 'IfNotPresent' }];
      await faults.patchPods(lab, { namespace, name: service }, { affinity: { podAffinity }, containers });
    }),
    hack('racks-of-today', 'new-node', async (lab) => {
      for (const { metadata } of await lab.kube.list(resources.nodes)) {
        const labelled = { metadata: { labels: { rack: metadata.name } } };
        await lab.kube.patch(resources.nodes, undefined, metadata.name, labelled, { type: 'merge' });
      }
      const rack = { maxSkew: 1, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' };
      const labelSelector = { matchLabels: { app: service } };
      const containers = [{ name: service, imagePullPolicy: 'IfNotPresent' }];
      const topologySpreadConstraints = [{ ...rack, labelSelector }];
      await faults.patchPods(lab, { namespace, name: service }, { topologySpreadConstraints, containers });
    }),
    hack('never-before-it', 'new-node', async (lab) => {
      // A node that comes tomorrow has no copy of what runs first either.
      const first = { name: 'first', image: 'shop.test/shop:1.4.2', imagePullPolicy: 'Never' };
      await faults.patchPods(
        lab,
        { namespace, name: service },
        {
          initContainers: [{ ...first, command: ['true'] }],
          containers: [{ name: service, imagePullPolicy: 'IfNotPresent' }],
        },
      );
    }),
    hack('by-hand-before-it', 'new-node', async (lab) => {
      // It may pull, and there is nobody who has it.
      const first = { name: 'first', image: 'shop.test/shop:1.4.2', command: ['true'] };
      const containers = [{ name: service, imagePullPolicy: 'IfNotPresent' }];
      await faults.patchPods(lab, { namespace, name: service }, { initContainers: [first], containers });
    }),
    hack('volume-never-pulled', 'new-node', async (lab) => {
      const notes = { reference: 'shop.test/shop:1.4.2', pullPolicy: 'Never' };
      const volumeMounts = [{ name: 'notes', mountPath: '/notes' }];
      const containers = [{ name: service, imagePullPolicy: 'IfNotPresent', volumeMounts }];
      const volumes = [{ name: 'notes', image: notes }];
      await faults.patchPods(lab, { namespace, name: service }, { volumes, containers });
    }),
    hack('cordon', 'rollout', async (lab) => {
      const has = await nodeThatHas(lab, service);
      await faults.cordon(lab, (node) => node !== has);
    }),
    hack('one-left-cordoned', 'new-pod', async (lab) => {
      // Both pods are there; the next one has one node less.
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
      await lab.clock.wait(seconds(60), lab.signal);
      const other = await nodeThatHas(lab, service);
      const nodes = workersOf(await lab.kube.list(resources.nodes));
      const worker = nodes.find((name) => name !== other) ?? '';
      await faults.cordon(lab, (node) => node === worker);
    }),
    ...(cause === 'never'
      ? [
          hack('pre-pull-and-never', 'new-pod', async (lab) => {
            await prePull(lab, service, image(newTag));
          }),
          hack('old-release', 'image', async (lab) => {
            await setContainer(lab, service, { image: image(oldTag), imagePullPolicy: 'IfNotPresent' });
          }),
          hack('old-release-says-otherwise', 'image', async (lab) => {
            await setContainer(lab, service, { image: image(oldTag), imagePullPolicy: 'IfNotPresent' });
            await lab.clock.wait(seconds(60), lab.signal);
            await faults.claimImage(lab, { namespace, app: service }, await pinned(lab));
          }),
        ]
      : [
          hack('never', 'new-node', async (lab) => {
            await setContainer(lab, service, { imagePullPolicy: 'Never' });
          }),
          hack('new-release', 'rollout', async (lab) => {
            await setContainer(lab, service, { image: image(newTag), imagePullPolicy: 'IfNotPresent' });
          }),
        ]),
    hack('other-image', 'repository', async (lab) => {
      await setContainer(lab, service, { image: 'shop.test/shop:1.4.2', imagePullPolicy: 'IfNotPresent' });
    }),
    hack('other-image-says-otherwise', 'repository', async (lab) => {
      const said = await saidImage(lab, service);
      // The tag is right, and the digest in the status of its pods: it is from elsewhere all the same.
      await setContainer(lab, service, {
        image: `shop.test/shop:${oldTag}`,
        imagePullPolicy: 'IfNotPresent',
      });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.claimImage(lab, { namespace, app: service }, said);
    }),
    hack('delete-pod', 'rollout', async (lab) => {
      const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
      for (const { metadata, status } of pods) {
        const waits = status.containerStatuses?.some(({ state }) => state.waiting !== undefined);
        if (waits === true) await lab.kube.delete(resources.pods, namespace, metadata.name);
      }
    }),
    hack('restart', 'rollout', async (lab) => {
      await faults.restart(lab, { namespace, name: service });
    }),
    hack('no-pod-ends-first', 'next-rollout', async (lab) => {
      // Today's pods are right; where each node has one already, the first pod of the next release waits for room for ever.
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
      const spec = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
      await lab.kube.patch(resources.deployments, namespace, service, { spec }, { type: 'strategic' });
    }),
    hack('one-replica', 'rollout', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 1);
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent', ...faults.asksNobody });
    }),
    hack('other-app', 'in-service', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'checkout' });
    }),
  ];
}
