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
/** One of them is to be shipped; the ticket says which. */
const newTags = ['1.5.0', '1.5.1'] as const;
type Release = (typeof newTags)[number];
const otherThan = (release: Release): Release => (release === '1.5.0' ? '1.5.1' : '1.5.0');
const tags = ['1.3.9', '1.4.1', oldTag, ...newTags];

/** What somebody types who means a release. */
const slips = {
  letter: (release: string) => release.replace(/0$/, 'O').replace(/1$/, 'l'),
  'dot left out': (release: string) => release.replace(/\.(\d)$/, '$1'),
  'v before it': (release: string) => `v${release}`,
  'word behind it': (release: string) => `${release}-final`,
  underscore: (release: string) => release.replace(/\.(\d)$/, '_$1'),
} as const;

const typoOf = ({ slip, release }: { slip: keyof typeof slips; release: Release }): string =>
  slips[slip](release);

const image = (tag: string) => `${host}/${repository}:${tag}`;
const registry = {
  host,
  repositories: { [repository]: Object.fromEntries(tags.map((tag) => [tag, tag])) },
};

const setImage = (lab: LabView, service: string, fields: Readonly<Record<string, unknown>>) =>
  faults.patchContainer(lab, { namespace, name: service }, fields);

/** Those that its ReplicaSet makes, not what somebody runs by hand. */
const podsOfReplicaSets = (service: string) =>
  ({
    apiGroup: '',
    resource: 'pods',
    operation: 'CREATE',
    where: `has(object.metadata.labels) && 'pod-template-hash' in object.metadata.labels && object.spec.containers[0].name == '${service}'`,
  }) as const;

/** The old release, which says that it is the new one. */
async function pretend(lab: LabView, service: string, release: Release): Promise<void> {
  const old = { name: service, image: image(oldTag) };
  const spec = await faults.releaseNotes(lab, namespace, old, release);
  await faults.patchPods(lab, { namespace, name: service }, spec);
}

export default defineScenario({
  id: 'image-tag-typo',
  incident: 'INC-2107',
  title: 'The new release does not arrive',
  area: 'images',
  difficulty: 'beginner',
  minutes: 10,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'Your K8s app crashes during image pull — how to triage?' },
    { url: 'https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff' },
  ],
  needs: ['registry'],
  variants: {
    service: oneOf('payments', 'refunds', 'fx'),
    replicas: oneOf(2, 3),
    release: oneOf(...newTags),
    slip: oneOf('letter', 'dot left out', 'v before it', 'word behind it', 'underscore'),
  },

  ticket: ({ service, release }) =>
    `Release ${release} of ${service} was rolled out ten minutes ago, but /version still answers ${oldTag}, and the
rollout does not finish. Customers notice nothing so far. Get release ${release} of ${service} running.
The registry is ${host}; from inside the cluster it answers as http://registry, e.g. http://registry/v2/${repository}/tags/list.`,
  rules: ({ service, release }) => [
    `Every pod of ${service} runs release ${release} as the registry has it. The template names it by its own tag or by its digest.`,
    `${service} keeps its repository ${host}/${repository}, its own command and its own files.`,
    servedRule(service),
    newNodeRule,
  ],
  houseRules: ({ service }) => lastingRules(service),

  baseline: ({ service, replicas }) =>
    shop({
      images: { [service]: image(oldTag) },
      replicas: { [service]: replicas },
      registries: [registry],
    }),
  inject: (values) => [faults.imageTag({ namespace, name: values.service }, image(typoOf(values)))],
  since: minutes(10),
  symptoms: ({ service }) => [
    checks.waitingFor({ namespace, app: service }, ['ImagePullBackOff', 'ErrImagePull']),
    checks.podEvent({ namespace, app: service }, 'Failed', 'not found'),
  ],

  objectives: ({ service, release }) => [
    objective(
      'image',
      40,
      `All pods of ${service} run release ${release}`,
      converge(seconds(90), checks.imageIs({ namespace, name: service }, { host, repository, tag: release })),
    ),
    objective(
      'release',
      40,
      `${service} answers as release ${release}`,
      hold(
        seconds(30),
        checks.http({
          from: { namespace, app: callerOf(service) },
          url: `http://${service}/version`,
          contains: `"version":"${release}"`,
        }),
        seconds(90),
      ),
    ),
    objective(
      'rollout',
      20,
      `The rollout of ${service} is complete`,
      hold(seconds(10), checks.rolloutComplete({ namespace, name: service }), seconds(90)),
    ),
  ],
  safeguards: ({ service }) => [
    ...staysUpAndLasts({ namespace, name: service }),
    safeguard(
      'repository',
      'veto',
      'The repository is the same',
      checks.repositoryKept({ namespace, name: service }),
    ),
    safeguard(
      'new-node',
      'veto',
      'A new node may pull the images and run the pod',
      checks.mayPull({ namespace, name: service }),
    ),
    safeguard(
      'in-service',
      'veto',
      `${service} answers its callers`,
      hold(
        seconds(30),
        checks.http({
          from: { namespace, app: callerOf(service) },
          url: `http://${service}/version`,
          contains: `"role":"${service}"`,
        }),
        seconds(5),
      ),
    ),
    safeguard(
      'endpoints',
      'veto',
      `Service ${service} leads to its pods and nowhere else`,
      hold(seconds(10), checks.endpointsServe({ namespace, name: service }), seconds(90)),
    ),
    safeguard(
      'same-program',
      'veto',
      `${service} runs what is in its image`,
      checks.programKept(namespace, service, { newRelease: true }),
    ),
  ],

  diagnosis: ({ service, ...which }) => [
    ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
    ask.field(10, 'spec.template.spec.containers.image', ['image']),
    ask.evidence(10, `The registry answers that the tag ${typoOf(which)} is not found`, [
      'The registry refuses the credentials',
      'The registry cannot be reached',
      'The container starts and crashes',
    ]),
  ],
  hints: ({ service }) => [
    hint(5, `kubectl -n shop get pods shows one pod of ${service} that never starts. Describe it.`),
    hint(
      10,
      `Ask the registry for its tags: kubectl -n shop exec deploy/gateway -- wget -qO- http://registry/v2/${repository}/tags/list`,
    ),
    templateHint(
      20,
      { namespace, name: service },
      ({ container }) =>
        `Right now the template asks for ${container.image}. The registry has the tags ${tags.join(', ')}.`,
    ),
  ],

  fixes: ({ service, release }) => [
    fix(
      'right-tag',
      [`kubectl -n shop set image deployment/${service} ${service}=${image(release)}`],
      async (lab) => {
        await setImage(lab, service, { image: image(release) });
      },
    ),
    fix(
      'digest',
      [`kubectl -n shop set image deployment/${service} ${service}=${host}/${repository}@sha256:…`],
      async (lab) => {
        const digest = await faults.digestOf(lab, { host, repository, tag: release });
        await setImage(lab, service, { image: `${host}/${repository}@${digest}` });
      },
    ),
    fix(
      'tag-and-digest',
      [`kubectl -n shop set image deployment/${service} ${service}=${image(release)}@sha256:…`],
      async (lab) => {
        const digest = await faults.digestOf(lab, { host, repository, tag: release });
        await setImage(lab, service, { image: `${image(release)}@${digest}` });
      },
    ),
    fix(
      'tried-out-first',
      [
        `kubectl -n shop run try-out -l app=${service} --restart=Never --image=${image(release)} --command -- node --version`,
        'then set the right tag; the pod stays, as Completed',
      ],
      async (lab) => {
        await lab.kube.create(resources.pods, {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'try-out', namespace, labels: { app: service } },
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'try-out', image: image(release), command: ['node', '--version'] }],
          } as never,
        });
        await lab.clock.wait(seconds(20), lab.signal);
        await setImage(lab, service, { image: image(release) });
      },
    ),
    fix(
      'tag-and-hook',
      ['the right tag, and a preStop hook that lets running calls end: the program stays the same'],
      async (lab) => {
        const lifecycle = { preStop: { exec: { command: ['sleep', '2'] } } };
        await setImage(lab, service, { image: image(release), lifecycle });
      },
    ),
    fix(
      'linux-nodes',
      [
        'the right tag, and node labels that every worker has: kubernetes.io/os: linux, kubernetes.io/arch: amd64 or arm64, no control plane',
      ],
      async (lab) => {
        const matchExpressions = [
          { key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] },
          { key: 'node-role.kubernetes.io/control-plane', operator: 'DoesNotExist' },
        ];
        const required = { nodeSelectorTerms: [{ matchExpressions }] };
        const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
        const spec = {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          affinity: { nodeAffinity },
          containers: [{ name: service, image: image(release) }],
        };
        await faults.patchPods(lab, { namespace, name: service }, spec);
      },
    ),
    fix(
      'undo-then-tag',
      [`kubectl -n shop rollout undo deployment ${service}`, 'then set the right tag'],
      async (lab) => {
        await setImage(lab, service, { image: image(oldTag) });
        await lab.clock.wait(seconds(5), lab.signal);
        await setImage(lab, service, { image: image(release) });
      },
    ),
  ],
  hacks: ({ service, release, slip }) => [
    hack('old-release', 'image', async (lab) => {
      await setImage(lab, service, { image: image(oldTag) });
    }),
    hack('older-release', 'image', async (lab) => {
      await setImage(lab, service, { image: image('1.4.1') });
    }),
    hack('newer-or-not-new-enough', 'image', async (lab) => {
      await setImage(lab, service, { image: image(otherThan(release)) });
    }),
    hack('local-image', 'repository', async (lab) => {
      await setImage(lab, service, { image: 'shop.test/shop:1.4.2', imagePullPolicy: 'Never' });
    }),
    hack('fake-version', 'image', async (lab) => {
      await pretend(lab, service, release);
    }),
    hack('status-says-so', 'image', async (lab) => {
      // The old image with a file of the new one's version, and the right digest in the status of its pods.
      await pretend(lab, service, release);
      await lab.clock.wait(seconds(60), lab.signal);
      const digest = await faults.digestOf(lab, { host, repository, tag: release });
      await faults.claimImage(lab, { namespace, app: service }, `${host}/${repository}@${digest}`);
    }),
    hack('stub-server', 'same-program', async (lab) => {
      // A web server that busybox has, in the right image, that says the right things.
      const answer = JSON.stringify({ role: service, version: release });
      const script = `mkdir -p /tmp/www && cd /tmp/www && echo '${answer}' | tee version readyz healthz && httpd -f -p 8080 -h /tmp/www`;
      await setImage(lab, service, { image: image(release), command: ['sh', '-c', script] });
    }),
    hack('old-digest', 'image', async (lab) => {
      const digest = await faults.digestOf(lab, { host, repository, tag: oldTag });
      await setImage(lab, service, { image: `${image(release)}@${digest}` });
    }),
    hack('old-image-under-the-typo', 'image', async (lab) => {
      await faults.tagAs(lab, { host, repository, tag: oldTag }, typoOf({ slip, release }));
      // Those that wait would ask again after five minutes at the latest.
      await faults.restart(lab, { namespace, name: service });
      await lab.clock.wait(seconds(60), lab.signal);
    }),
    hack('release-under-the-typo', 'image', async (lab) => {
      await faults.tagAs(lab, { host, repository, tag: release }, typoOf({ slip, release }));
      await faults.restart(lab, { namespace, name: service });
      await lab.clock.wait(seconds(60), lab.signal);
    }),
    hack('half-way', 'rollout', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await faults.scale(lab, { namespace, name: service }, 1);
    }),
    hack('beside-the-old', 'image', async (lab) => {
      const spec = {
        containers: [
          { name: service, image: image(oldTag) },
          {
            name: 'new',
            image: image(release),
            env: [
              { name: 'ROLE', value: service },
              { name: 'PORT', value: '8099' },
            ],
          },
        ],
      };
      await faults.patchPods(lab, { namespace, name: service }, spec);
    }),
    hack('no-selector', 'endpoints', async (lab) => {
      // The slices of before stay, with the addresses of the pods of now.
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.select(lab, { namespace, name: service }, null);
    }),
    hack('no-selector-of-another', 'customers', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await faults.select(lab, { namespace, name: 'checkout' }, null);
    }),
    // Today each node that asks has a pod of it; the next one may have none.
    hack('local-only-beside-the-repair', 'customers', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      const local = { spec: { internalTrafficPolicy: 'Local' } };
      await lab.kube.patch(resources.services, namespace, service, local, { type: 'merge' });
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await setImage(lab, service, { image: image(release), ...faults.asksNobody });
    }),
    hack('never-pulled-again', 'new-node', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      await setImage(lab, service, { imagePullPolicy: 'Never' });
    }),
    // Pods of today are right; a ReplicaSet would get no others like them.
    hack('next-pods-older', 'starts-again', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      const older = `[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: '${image(oldTag)}'}]`;
      await faults.rewrites(lab, 'releases', podsOfReplicaSets(service), older);
    }),
    hack('no-more-pods', 'starts-again', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.refuses(lab, 'full', podsOfReplicaSets(service));
    }),
    hack('frozen', 'starts-again', async (lab) => {
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      const where = 'object.spec.template != oldObject.spec.template';
      const changes = { apiGroup: 'apps', resource: 'deployments', operation: 'UPDATE', where } as const;
      await faults.refuses(lab, 'frozen', changes);
    }),
    hack('scale-to-zero', 'in-service', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 0);
    }),
    hack('other-app', 'in-service', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'checkout' });
    }),
    hack('impatient-tomorrow', 'shop-starts-again', async (lab) => {
      // Meant in seconds. Whoever runs has read the old value; whoever starts is ready, and gives up on everybody.
      await setImage(lab, service, { image: image(release) });
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '3', LEDGER_URL: 'http://ledgers' });
    }),
    hack('locked-out', 'release', async (lab) => {
      // Somebody still gets in: not the one who calls.
      const other = callerOf(service) === 'gateway' ? 'checkout' : 'gateway';
      await setImage(lab, service, { image: image(release) });
      await lab.kube.apply(
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'visitors', namespace },
          spec: {
            podSelector: { matchLabels: { app: service } },
            policyTypes: ['Ingress'],
            ingress: [{ from: [{ podSelector: { matchLabels: { app: other } } }] }],
          },
        },
        { manager: 'kubectl' },
      );
    }),
    hack('service-replaced', 'same-objects', async (lab) => {
      await faults.recreateService(lab, { namespace, name: service });
    }),
  ],

  debrief: ({ service, slip, release }) =>
    `deployment/${service} asked for the tag ${typoOf({ slip, release })}; the registry has ${release}. For a tag that does not exist the registry
answers 404. The pod waits with ErrImagePull, then with ImagePullBackOff, and the kubelet tries again after 10 s, 20 s … up to 5 minutes.
The container never started, so it has no log. The rolling update kept the old pods, so customers noticed nothing.

The interview notes say that such a pod ends in CrashLoopBackOff: a failed pull never does.`,
});
