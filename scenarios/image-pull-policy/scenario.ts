import {
  ask,
  callerOf,
  checks,
  converge,
  defineScenario,
  faults,
  fix,
  hack,
  hint,
  hold,
  type LabView,
  lastingRule,
  minutes,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  staysUpAndLasts,
  templateHint,
} from 'breakfix';

const namespace = 'shop';
const host = 'registry.shop.test:5000';
const repository = 'shop';
const oldTag = '1.4.2';
const newTag = '1.5.0';

const image = (tag: string) => `${host}/${repository}:${tag}`;
const registry = {
  host,
  repositories: { [repository]: { '1.4.1': '1.4.1', [oldTag]: oldTag, [newTag]: newTag } },
};

/**
 * Which of the two it is: a release that only one node has, and a policy that lets no node pull; or a policy that asks
 * the registry for every new pod, and a registry that is down.
 */
type Cause = 'never' | 'always';

/** One pod a node: a rolling update ends one before it starts the next. */
const onePerNode = (service: string) => ({
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    template: {
      spec: {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { app: service } }, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
        },
      },
    },
  },
});

/** The pod in which the release was tried out before it was rolled out. */
const tryOut = (service: string) =>
  faults.imageOnOneNode({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${service}-canary`, namespace, labels: { track: 'canary' } },
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [{ name: service, image: image(newTag), env: [{ name: 'ROLE', value: service }] }],
    } as never,
  });

const setContainer = (lab: LabView, service: string, fields: object): Promise<void> =>
  faults.patchPods(lab, { namespace, name: service }, { containers: [{ name: service, ...fields }] });

/** Has the pods say that they run a release. */
const claimRelease = async (lab: LabView, service: string, tag: string): Promise<void> => {
  const access = await lab.cluster.can.registry?.(host);
  const imageID = `${host}/${repository}@${(await access?.digest(repository, tag)) ?? ''}`;
  await faults.claimImage(lab, { namespace, app: service }, imageID);
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

/** What the events end with. */
const ABSENT = 'The image is not on the node, and the pod forbids the node to pull it';
const DOWN = 'The node asks the registry, which refuses connections, although it has the image';

export default defineScenario({
  id: 'image-pull-policy',
  incident: 'INC-2152',
  title: 'Half of a service is missing',
  area: 'images',
  difficulty: 'beginner',
  minutes: 12,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'Your K8s app crashes during image pull — how to triage?' },
    { url: 'https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy' },
    { url: 'https://kubernetes.io/docs/concepts/containers/images/#pre-pulled-images' },
  ],
  needs: ['registry', 'nodes'],
  variants: { service: oneOf('payments', 'refunds', 'fx'), cause: oneOf<Cause>('never', 'always') },

  ticket: ({ service, cause }) =>
    (cause === 'never'
      ? `Release ${newTag} of ${service} was tried out in a single pod this morning, and found good. Ten minutes ago it was rolled out.
Since then ${service} has one pod instead of two, and the rollout does not end.
Bring release ${newTag} of ${service} out, on both nodes. `
      : `Ten minutes ago the pods of ${service} were hardened. Since then ${service} has one pod instead of two, and the rollout
does not end. The registry is being rebuilt until tomorrow night; nothing can be done about that.
See to it that ${service} is whole today, on both nodes, with the release that it runs. `) +
    `The registry is ${host}; from inside the cluster it is http://registry.`,
  rules: ({ service, cause }) => [
    `${service} runs release ${cause === 'never' ? newTag : oldTag} of ${host}/${repository} in every pod.`,
    `When this is graded, ${service} has a ready pod on each of the two nodes and answers its callers, and its Service leads to its pods and nowhere else.`,
    cause === 'never'
      ? 'Nodes come and go: a new pod starts on whichever node there is, also on one that comes tomorrow under a name and with labels of its own, and has never had an image of the pod.'
      : 'Nodes come and go: once the registry is back, a node that comes under a name and with labels of its own must be able to fetch the images and run the pod.',
    lastingRule(service),
  ],

  baseline: ({ service }) =>
    shop({
      images: { [service]: image(oldTag) },
      registries: [registry],
      workers: 2,
      patches: { [service]: onePerNode(service) },
    }),
  inject: ({ service, cause }) => {
    const of = { namespace, name: service };
    return cause === 'never'
      ? [
          tryOut(service),
          faults.podTemplate(
            of,
            { containers: [{ name: service, image: image(newTag), imagePullPolicy: 'Never' }] },
            `deployment/${service} was given release ${newTag} with imagePullPolicy Never; one node had it, the other did not.`,
          ),
        ]
      : [
          faults.registryDown(host, true),
          faults.podTemplate(
            of,
            { containers: [{ name: service, imagePullPolicy: 'Always' }] },
            `deployment/${service} was given imagePullPolicy Always while the registry was down.`,
          ),
        ];
  },
  since: minutes(10),
  symptoms: ({ service, cause }) => {
    const client = { namespace, app: service };
    return cause === 'never'
      ? [
          checks.waitingFor(client, ['ErrImageNeverPull']),
          checks.podEvent(client, 'ErrImageNeverPull', 'is not present with pull policy of Never'),
        ]
      : [
          checks.waitingFor(client, ['ErrImagePull', 'ImagePullBackOff']),
          checks.podEvent(client, 'Failed', 'connection refused'),
        ];
  },

  objectives: ({ service, cause }) => {
    const of = { namespace, name: service };
    return [
      objective(
        'image',
        25,
        `All pods of ${service} run their release`,
        converge(
          seconds(90),
          cause === 'never'
            ? checks.imageIs(of, { host, repository, tag: newTag })
            : checks.imageAsBefore(of),
        ),
      ),
      objective(
        'rollout',
        25,
        `The rollout of ${service} is complete`,
        hold(seconds(20), checks.rolloutComplete(of), seconds(90)),
      ),
      objective(
        'both-nodes',
        25,
        `${service} is ready on both nodes`,
        hold(seconds(10), checks.spreadOver(of, 2), seconds(90)),
      ),
      objective(
        'new-pod',
        25,
        cause === 'never'
          ? `${service} starts on a node that has no copy`
          : `${service} starts on every node`,
        cause === 'never' ? checks.startsWithoutCopy(of) : checks.startsOnEveryNode(of),
      ),
    ];
  },
  safeguards: ({ service, cause }) => [
    ...staysUpAndLasts({ namespace, name: service }),
    safeguard(
      'in-service',
      'veto',
      `${service} answers its callers`,
      hold(
        seconds(30),
        checks.http({
          from: { namespace, app: callerOf(service) },
          url: `http://${service}/version`,
          contains: cause === 'never' ? `"role":"${service}"` : `{"role":"${service}","version":"${oldTag}"}`,
        }),
        seconds(5),
      ),
    ),
    safeguard(
      'repository',
      'veto',
      'The repository is the same',
      checks.repositoryKept({ namespace, name: service }),
    ),
    safeguard(
      'new-node',
      'veto',
      'A new node may fetch the images and run the pod',
      checks.mayPull({ namespace, name: service }),
    ),
    safeguard(
      'endpoints',
      'veto',
      `Service ${service} leads to its pods and nowhere else`,
      hold(seconds(10), checks.endpointsServe({ namespace, name: service }), seconds(90)),
    ),
    safeguard(
      'same-service',
      'veto',
      `Service ${service} is still the same`,
      checks.sameObject(resources.services, namespace, service),
    ),
  ],

  diagnosis: ({ service, cause }) => [
    ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
    ask.field(10, 'spec.template.spec.containers.imagePullPolicy', ['imagePullPolicy']),
    ask.evidence(10, cause === 'never' ? ABSENT : DOWN, [
      cause === 'never' ? DOWN : ABSENT,
      'No node has room for the pod',
      'The registry answers that the tag is not found',
      'The container starts and crashes',
    ]),
  ],
  hints: ({ service }) => [
    hint(
      5,
      `kubectl -n shop get pods -o wide shows which pod of ${service} is missing, and on which node: describe it.`,
    ),
    hint(
      10,
      'Whether a node asks the registry, takes its own copy, or gives up is written beside the image of the container.',
    ),
    templateHint(20, { namespace, name: service }, async ({ container }, lab) => {
      const wanted = container.image;
      const nodes = await lab.kube.list(resources.nodes);
      const holders = nodes
        .filter(({ status }) => status.images?.some(({ names }) => names.includes(wanted)))
        .map(({ metadata }) => metadata.name);
      return `Right now the template says imagePullPolicy ${container.imagePullPolicy} for ${wanted}. Nodes that report a copy: ${holders.join(', ') || 'none'}.`;
    }),
  ],

  fixes: ({ service, cause }) => {
    const wanted = image(cause === 'never' ? newTag : oldTag);
    const edit = (policy: string) =>
      `kubectl -n shop patch deployment ${service} -p '{"spec":{"template":{"spec":{"containers":[{"name":"${service}","imagePullPolicy":"${policy}"}]}}}}'`;
    const common = [
      fix('if-not-present', [edit('IfNotPresent')], async (lab) => {
        await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
      }),
      fix(
        'default',
        ['the field removed: with a tag that is not latest it means IfNotPresent'],
        async (lab) => {
          await setContainer(lab, service, { imagePullPolicy: null });
        },
      ),
      fix(
        'pre-pull',
        ['a DaemonSet that keeps the image on every node', edit('IfNotPresent')],
        async (lab) => {
          await prePull(lab, service, wanted);
          await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
        },
      ),
    ];
    return cause === 'never'
      ? [
          ...common,
          fix('always', [edit('Always')], async (lab) => {
            await setContainer(lab, service, { imagePullPolicy: 'Always' });
          }),
          fix('digest', ['the digest in place of the tag, and IfNotPresent'], async (lab) => {
            const access = await lab.cluster.can.registry?.(host);
            const digest = (await access?.digest(repository, newTag)) ?? '';
            const pinned = `${host}/${repository}@${digest}`;
            await setContainer(lab, service, { image: pinned, imagePullPolicy: 'IfNotPresent' });
          }),
        ]
      : [
          ...common,
          fix('undo', [`kubectl -n shop rollout undo deployment ${service}`], async (lab) => {
            await setContainer(lab, service, { image: image(oldTag), imagePullPolicy: 'IfNotPresent' });
          }),
        ];
  },
  hacks: ({ service, cause }) => [
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
    hack('cordon', 'rollout', async (lab) => {
      const has = await nodeThatHas(lab, service);
      for (const { metadata } of await lab.kube.list(resources.nodes)) {
        const spec = { unschedulable: metadata.name !== has };
        await lab.kube.patch(resources.nodes, undefined, metadata.name, { spec }, { type: 'merge' });
      }
    }),
    hack('one-left-cordoned', 'new-pod', async (lab) => {
      // Both pods are there; the next one has one node less.
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
      await lab.clock.wait(seconds(60), lab.signal);
      const other = await nodeThatHas(lab, service);
      const worker = (await lab.kube.list(resources.nodes)).find(
        ({ metadata }) =>
          metadata.name !== other && metadata.labels?.['node-role.kubernetes.io/control-plane'] === undefined,
      );
      const spec = { unschedulable: true };
      await lab.kube.patch(
        resources.nodes,
        undefined,
        worker?.metadata.name ?? '',
        { spec },
        { type: 'merge' },
      );
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
            await claimRelease(lab, service, newTag);
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
    hack('other-image', 'image', async (lab) => {
      await setContainer(lab, service, { image: 'shop.test/shop:1.4.2', imagePullPolicy: 'IfNotPresent' });
    }),
    hack('other-image-says-otherwise', 'repository', async (lab) => {
      // The tag is right, and the digest in the status of its pods: it is from elsewhere all the same.
      await setContainer(lab, service, {
        image: `shop.test/shop:${oldTag}`,
        imagePullPolicy: 'IfNotPresent',
      });
      await lab.clock.wait(seconds(60), lab.signal);
      await claimRelease(lab, service, oldTag);
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
    hack('one-replica', 'rollout', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 1);
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent', ...faults.asksNobody });
    }),
    hack('other-app', 'in-service', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'checkout' });
    }),
  ],

  debrief: ({ service, cause }) =>
    `${
      cause === 'never'
        ? `deployment/${service} was given release ${newTag} with imagePullPolicy Never: a node takes its own copy or none. The node on which
the release had been tried out had one; the other answered ErrImageNeverPull, and never asked the registry.`
        : `deployment/${service} was given imagePullPolicy Always: a node asks the registry for every new pod, also for an image that it has
(it pulls nothing again, but it asks). The registry was down, so the pod that was to start got ErrImagePull, although both nodes had the image.`
    }
IfNotPresent, the default for every tag but latest, takes the copy where there is one and pulls where there is none. Pre-pulled images
make starts fast and bridge an outage, but only together with a policy that may pull: copies go away with their node, or when the
kubelet needs the space. Pinning pods to the node that has the image gives up the second node.
The seed says that pods whose image cannot be pulled end in CrashLoopBackOff: they never do. The container has not started; it waits as
ErrImageNeverPull, or as ErrImagePull and ImagePullBackOff with a try after 10 s, 20 s … up to 5 minutes.`,
});
