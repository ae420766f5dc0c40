import {
  newNodeRule,
  servedRule,
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
  lastingRules,
  type Manifest,
  minutes,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  staysUpAndLasts,
} from 'breakfix';

const namespace = 'shop';
const host = 'registry.shop.test:5000';
const mirror = 'mirror.shop.test:5000';
const repository = 'shop';
const release = '1.4.2';

const image = (from: string, tag = release) => `${from}/${repository}:${tag}`;
const registry = { host, repositories: { [repository]: { [release]: release, '1.5.0': '1.5.0' } } };
const twin = { host: mirror, repositories: { [repository]: { [release]: release } }, mirrorOf: host };

const since = minutes(6);
/** A pod that waits in back-off asks again after five minutes at the latest. */
const backOff = seconds(330);

/** Which of the two it is: the new template names a host that does not exist, or the registry is down for a while. */
type Cause = 'host' | 'outage';

/** Nothing leaves the namespace but questions to the name server; it has nothing to do with the failure. */
const policies: readonly Manifest[] = [
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Egress'] },
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'inside', namespace },
    spec: {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        { to: [{ podSelector: {} }] },
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
      ],
    },
  },
];

const setContainer = (lab: LabView, service: string, fields: object): Promise<void> =>
  faults.patchPods(lab, { namespace, name: service }, { containers: [{ name: service, ...fields }] });

/** The pod that does not start, if there is one, and what it waits for. */
const stuckPod = async (lab: LabView, service: string) => {
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
  for (const { metadata, status } of pods) {
    const message = status.containerStatuses?.[0]?.state.waiting?.message;
    if (message !== undefined) return { name: metadata.name, message };
  }
  return undefined;
};

/** Has the pods say that they run what ran before. */
const claimBefore = async (lab: LabView, service: string): Promise<void> => {
  const pods = lab.baseline.list(resources.pods, namespace);
  const before = pods.find(({ metadata }) => metadata.labels?.['app'] === service);
  const imageID = before?.status.containerStatuses?.[0]?.imageID ?? '';
  await faults.claimImage(lab, { namespace, app: service }, imageID);
};

/** What the events end with. */
const UNKNOWN = "The node's name server does not know the registry's host";
const DOWN = 'The registry refuses connections';

export default defineScenario({
  id: 'image-registry',
  incident: 'INC-2147',
  title: 'A pod of a restarted service does not come up',
  area: 'images',
  difficulty: 'intermediate',
  minutes: 15,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'Your K8s app crashes during image pull — how to triage?' },
    { url: 'https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff' },
    { url: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/' },
  ],
  needs: ['registry'],
  variants: {
    service: oneOf('payments', 'refunds', 'fx'),
    cause: oneOf<Cause>('host', 'outage'),
    wrongHost: oneOf('registry.shop-old.test:5000', 'registy.shop.test:5000', 'registry.shopp.test:5000'),
    // After the hand-over: longer than a grade of an untouched lab looks.
    backAfterMinutes: oneOf(5, 6),
  },

  ticket: ({ service }) =>
    `Six minutes ago a small change of ${service} was rolled out: a longer time-out. One of its new pods does not come up, and
the rollout does not finish. Customers notice nothing so far. Make sure that all pods of ${service} are up again,
and that a new pod would come up too.
The registry is ${host}; ${mirror} is a mirror of it.`,
  rules: ({ service }) => [
    `${service} runs what it ran before, release ${release}; its image comes from the registry or from the mirror.`,
    servedRule(service),
    newNodeRule,
    `The NetworkPolicies of namespace ${namespace} stay as they are, and none is added.`,
  ],
  houseRules: ({ service }) => lastingRules(service),

  baseline: ({ service }) =>
    shop({
      images: { [service]: image(host) },
      registries: [registry, twin],
      extra: policies,
      patches: {
        [service]: {
          spec: { template: { spec: { containers: [{ name: service, imagePullPolicy: 'Always' }] } } },
        },
      },
    }),
  inject: ({ service, cause, wrongHost, backAfterMinutes }) => {
    const change = { name: service, env: [{ name: 'CALL_TIMEOUT_MS', value: '2500' }] };
    const of = { namespace, name: service };
    return cause === 'host'
      ? [
          faults.podTemplate(
            of,
            { containers: [{ ...change, image: image(wrongHost) }] },
            `deployment/${service} was given an image of ${wrongHost}, a host that does not exist.`,
          ),
        ]
      : [
          faults.registryDown(host, { forMs: since + minutes(backAfterMinutes) }),
          faults.podTemplate(
            of,
            { containers: [change] },
            `deployment/${service} was changed while the registry was down; with imagePullPolicy Always every new pod asks it.`,
          ),
        ];
  },
  since,
  symptoms: ({ service, cause }) => [
    checks.waitingFor({ namespace, app: service }, ['ImagePullBackOff', 'ErrImagePull']),
    checks.podEvent(
      { namespace, app: service },
      'Failed',
      cause === 'host' ? 'no such host' : 'connection refused',
    ),
  ],

  objectives: ({ service }) => [
    objective(
      'image',
      30,
      `All pods of ${service} run the image of before`,
      converge(seconds(60), checks.imageAsBefore({ namespace, name: service })),
    ),
    objective(
      'rollout',
      40,
      `The rollout of ${service} is complete`,
      hold(seconds(20), checks.rolloutComplete({ namespace, name: service }), seconds(60)),
    ),
    objective(
      'new-pod',
      30,
      `A new pod of ${service} starts`,
      checks.startsOnEveryNode({ namespace, name: service }),
    ),
  ],
  safeguards: ({ service }) => [
    ...staysUpAndLasts({ namespace, name: service }),
    safeguard(
      'in-service',
      'veto',
      `${service} answers its callers as release ${release}`,
      hold(
        seconds(20),
        checks.http({
          from: { namespace, app: callerOf(service) },
          url: `http://${service}/version`,
          contains: `{"role":"${service}","version":"${release}"}`,
        }),
        seconds(5),
      ),
    ),
    safeguard(
      'repository',
      'veto',
      'The image comes from the registry or its mirror',
      checks.repositoryKept({ namespace, name: service }, [`${mirror}/${repository}`]),
    ),
    safeguard('policies', 'veto', 'The NetworkPolicies are the same', checks.networkPoliciesKept(namespace)),
    safeguard(
      'new-node',
      'veto',
      'A new node may pull the images and run the pod',
      checks.mayPull({ namespace, name: service }),
    ),
    safeguard(
      'endpoints',
      'veto',
      `Service ${service} leads to its pods and nowhere else`,
      hold(seconds(10), checks.endpointsServe({ namespace, name: service })),
    ),
  ],

  diagnosis: ({ service, cause }) => {
    const others = [
      'The registry refuses the credentials',
      'The registry answers that the tag is not found',
      'The container starts and crashes',
      'The pod cannot open connections out of its namespace',
    ];
    return cause === 'host'
      ? [
          ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
          ask.field(10, 'spec.template.spec.containers.image', ['image']),
          ask.evidence(10, UNKNOWN, [DOWN, ...others]),
        ]
      : [ask.evidence(20, DOWN, [UNKNOWN, ...others])];
  },
  hints: ({ service }) => [
    hint(
      5,
      `Describe the pod of ${service} that is not ready (kubectl -n shop describe pod). How does the longest line of its events end?`,
    ),
    hint(
      10,
      'It is the node that pulls, with its own name server and its own network. What pods may do on the network does not matter. Where does the image come from, and does anybody answer there?',
    ),
    hint(20, async (lab) => {
      const stuck = await stuckPod(lab, service);
      return stuck === undefined
        ? `Right now no pod of ${service} waits for an image.`
        : `Right now ${stuck.name} waits: ${stuck.message}. The kubelet tries again by itself within five minutes; for a new pod it tries at once.`;
    }),
  ],

  fixes: ({ service, cause, wrongHost, backAfterMinutes }) => {
    const setImage = (name: string) => `kubectl -n shop set image deployment/${service} ${service}=${name}`;
    const viaMirror = fix('mirror', [setImage(image(mirror))], async (lab) => {
      await setContainer(lab, service, { image: image(mirror) });
    });
    if (cause === 'host') {
      return [
        fix('right-host', [setImage(image(host))], async (lab) => {
          await setContainer(lab, service, { image: image(host) });
        }),
        viaMirror,
        fix('digest', [setImage(`${host}/${repository}@sha256:…`)], async (lab) => {
          const digest = await faults.digestOf(lab, { host, repository, tag: release });
          await setContainer(lab, service, { image: `${host}/${repository}@${digest}` });
        }),
        fix('undo', [`kubectl -n shop rollout undo deployment ${service}`], async (lab) => {
          await setContainer(lab, service, {
            image: image(host),
            env: [{ name: 'CALL_TIMEOUT_MS', $patch: 'delete' }],
          });
        }),
        fix('local-copy', [setImage(image(host)), 'and set imagePullPolicy: IfNotPresent'], async (lab) => {
          await setContainer(lab, service, { image: image(host), imagePullPolicy: 'IfNotPresent' });
        }),
        fix(
          'made-again',
          [
            'delete the Deployment without its pods (--cascade=orphan), and create it again with the right host',
          ],
          async (lab) => {
            const live = await lab.kube.get(resources.deployments, namespace, service);
            if (live === undefined) return;
            const { name, labels = {} } = live.metadata;
            const spec = JSON.parse(JSON.stringify(live.spec).replace(wrongHost, host)) as typeof live.spec;
            await lab.kube.delete(resources.deployments, namespace, service, { propagation: 'Orphan' });
            while ((await lab.kube.get(resources.deployments, namespace, service)) !== undefined) {
              await lab.clock.wait(seconds(1), lab.signal);
            }
            await lab.kube.create(resources.deployments, {
              apiVersion: live.apiVersion,
              kind: live.kind,
              metadata: { name, namespace, labels },
              spec,
            });
          },
        ),
      ];
    }
    const outage = since + minutes(backAfterMinutes);
    return [
      viaMirror,
      fix(
        'local-copy',
        [
          `kubectl -n shop edit deployment ${service}   # imagePullPolicy: IfNotPresent, because the node has the image`,
        ],
        async (lab) => {
          await setContainer(lab, service, { imagePullPolicy: 'IfNotPresent' });
        },
      ),
      fix('wait', ['wait: the registry comes back, and the kubelet tries again by itself'], async (lab) => {
        await lab.clock.wait(outage + backOff, lab.signal);
      }),
      fix(
        'restart-when-back',
        ['wait until the registry answers again', `kubectl -n shop rollout restart deployment ${service}`],
        async (lab) => {
          await lab.clock.wait(outage, lab.signal);
          await faults.restart(lab, { namespace, name: service });
        },
      ),
    ];
  },
  hacks: ({ service }) => [
    hack('local-image', 'image', async (lab) => {
      await setContainer(lab, service, {
        image: `shop.test/shop:${release}`,
        imagePullPolicy: 'IfNotPresent',
      });
    }),
    hack('local-image-says-otherwise', 'repository', async (lab) => {
      // What is on the nodes by hand, and the digest of the registry's in the status of its pods.
      await setContainer(lab, service, {
        image: `shop.test/shop:${release}`,
        imagePullPolicy: 'IfNotPresent',
      });
      await lab.clock.wait(seconds(60), lab.signal);
      await claimBefore(lab, service);
    }),
    hack('newer-release-says-otherwise', 'image', async (lab) => {
      await lab.cluster.can.registry?.(host).then((access) => access.setOutage(false));
      const newer = { name: service, image: image(host, '1.5.0') };
      const spec = await faults.releaseNotes(lab, namespace, newer, release);
      await faults.patchPods(lab, { namespace, name: service }, spec);
      await lab.clock.wait(seconds(60), lab.signal);
      await claimBefore(lab, service);
    }),
    hack('dead-end', 'endpoints', async (lab) => {
      await setContainer(lab, service, { image: image(mirror) });
      await faults.endpointsByHand(lab, { namespace, name: service }, ['10.244.1.250']);
      // Who is asked on a node with a pod does not see it then.
      const local = { spec: { internalTrafficPolicy: 'Local' } };
      await lab.kube.patch(resources.services, namespace, service, local, { type: 'merge' });
    }),
    hack('newer-release', 'in-service', async (lab) => {
      await lab.cluster.can.registry?.(host).then((access) => access.setOutage(false));
      await setContainer(lab, service, { image: image(host, '1.5.0') });
    }),
    hack('never-pull', 'new-node', async (lab) => {
      await setContainer(lab, service, { image: image(host), imagePullPolicy: 'Never' });
    }),
    hack('by-hand-before-it', 'new-node', async (lab) => {
      const first = { name: 'first', image: `shop.test/shop:${release}`, command: ['true'] };
      const containers = [{ name: service, image: image(mirror) }];
      await faults.patchPods(lab, { namespace, name: service }, { initContainers: [first], containers });
    }),
    hack('next-pods-never-pull', 'starts-again', async (lab) => {
      // The template lets them; who writes into pods does not.
      const pods = { apiGroup: '', resource: 'pods', operation: 'CREATE' } as const;
      const where = `object.spec.containers[0].name == '${service}'`;
      const path = '/spec/containers/0/imagePullPolicy';
      const never = `[JSONPatch{op: 'replace', path: '${path}', value: 'Never'}]`;
      await setContainer(lab, service, { image: image(mirror) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.rewrites(lab, 'local-copies', { ...pods, where }, never);
    }),
    hack('policy-deleted', 'policies', async (lab) => {
      await lab.kube.delete(resources.networkPolicies, namespace, 'default-deny');
      await lab.kube.delete(resources.networkPolicies, namespace, 'inside');
      await setContainer(lab, service, { image: image(mirror) });
    }),
    hack('policy-opened', 'policies', async (lab) => {
      await lab.kube.create(resources.networkPolicies, {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'registry', namespace },
        spec: { podSelector: { matchLabels: { app: service } }, policyTypes: ['Egress'], egress: [{}] },
      });
      await setContainer(lab, service, { image: image(mirror) });
    }),
    hack('host-alias', 'rollout', async (lab) => {
      // Aliases are the pod's; the node that pulls never reads them.
      const registryService = await lab.kube.get(resources.services, namespace, 'registry');
      const hostAliases = [{ ip: registryService?.spec.clusterIP ?? '', hostnames: ['registry.shop.test'] }];
      await faults.patchPods(lab, { namespace, name: service }, { hostAliases });
    }),
    hack('host-network', 'rollout', async (lab) => {
      await faults.patchPods(lab, { namespace, name: service }, { hostNetwork: true });
    }),
    hack('next-start', 'starts-again', async (lab) => {
      // What runs has read its settings; what starts next cannot.
      await setContainer(lab, service, { image: image(mirror) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.settings(lab, namespace, { CACHE_MEGABYTES: 'plenty' });
    }),
    hack('no-node-left', 'starts-again', async (lab) => {
      await setContainer(lab, service, { image: image(mirror) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.cordon(lab);
    }),
    hack('todays-nodes', 'new-node', async (lab) => {
      const containers = [{ name: service, image: image(mirror) }];
      const spec = { ...(await faults.todaysNodes(lab)), containers };
      await faults.patchPods(lab, { namespace, name: service }, spec);
    }),
    hack('delete-pods', 'rollout', async (lab) => {
      const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
      for (const { metadata } of pods) await lab.kube.delete(resources.pods, namespace, metadata.name);
    }),
    hack('paused', 'rollout', async (lab) => {
      const spec = { paused: true };
      await lab.kube.patch(resources.deployments, namespace, service, { spec }, { type: 'merge' });
    }),
    hack('one-replica', 'rollout', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 1);
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await setContainer(lab, service, { image: image(mirror), ...faults.asksNobody });
    }),
    hack('other-app', 'in-service', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'checkout' });
    }),
  ],

  debrief: ({ service, cause, wrongHost }) =>
    `${
      cause === 'host'
        ? `With its change deployment/${service} was given an image of ${wrongHost}; the registry is ${host}. The node's name server knows
no such host, and the events say so at the end of the line: "no such host".`
        : `The registry ${host} was down when ${service} was changed. With imagePullPolicy Always a node asks the registry for every new pod,
also for an image that it has already: "connection refused". Nothing in the cluster was wrong. The registry comes back after a while, and
then the next try succeeds. The mirror, or the copy that the node has (IfNotPresent), bridges that time.`
    }

The node pulls images, with containerd: neither the NetworkPolicies of the pod nor its DNS settings matter for that. The
default-deny policy of the namespace was there before, and blocked nothing that mattered: from a pod the registry could not be reached either way, and a
pull does not need that.

The interview notes ask to check network policies. NetworkPolicies for pods do not apply to pulls; a firewall between node and registry does.
The notes also say that such a pod ends in CrashLoopBackOff. A failed pull never does: the container has not started. The pod waits with
ErrImagePull, then with ImagePullBackOff, and the kubelet tries again after 10 s, 20 s … up to 5 minutes.`,
});
