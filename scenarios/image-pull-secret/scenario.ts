import {
  ask,
  callerOf,
  checks,
  converge,
  defineScenario,
  type Fault,
  faults,
  fix,
  hack,
  hint,
  hold,
  type LabView,
  lastingRule,
  minutes,
  namesRule,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  staysUpAndLasts,
  templateHint,
} from 'breakfix';
import {
  authsOf,
  base64,
  dockerSecret,
  host,
  image,
  loginOf,
  mirror,
  namespace,
  oldTag,
  openMirror,
  putLogin,
  putSecret,
  registry,
  release,
  repository,
  robot,
} from './registry.ts';

/** A pod that waits in back-off asks again after five minutes at the latest. */
const backOff = seconds(330);

type Cause = 'missing' | 'wrong type' | 'wrong namespace' | 'not referenced';

const patchPods = (lab: LabView, service: string, spec: object): Promise<void> =>
  faults.patchPods(lab, { namespace, name: service }, spec);

const setImage = (lab: LabView, service: string, fields: object): Promise<void> =>
  patchPods(lab, service, { containers: [{ name: service, ...fields }] });

const breakages: Record<Cause, (secret: string) => Fault[]> = {
  missing: (name) => [faults.secretLost({ namespace, name }, 'gone')],
  'wrong type': (name) => [faults.secretLost({ namespace, name }, { type: 'Opaque' })],
  'wrong namespace': (name) => [faults.secretLost({ namespace, name }, { namespace: robot.namespace })],
  'not referenced': () => [],
};

const secretIsMissed = (cause: Cause): boolean => cause === 'missing' || cause === 'wrong namespace';

/** What the events say, by whether a secret that is named is not there. */
const MISSED = 'The registry asks for credentials, and an event says that a pull secret cannot be retrieved';
const REFUSED = 'The registry asks for credentials, and no event says that a pull secret cannot be retrieved';

const STORIES: Record<Cause, (service: string, secret: string) => string> = {
  missing: (service, secret) =>
    `deployment/${service} names the pull secret ${secret}, which had been deleted.`,
  'wrong type': (service, secret) =>
    `deployment/${service} names the pull secret ${secret}, which had been made again with type Opaque: right content, wrong type.`,
  'wrong namespace': (service, secret) =>
    `deployment/${service} names the pull secret ${secret}, which was in namespace ${robot.namespace} and not in ${namespace}.`,
  'not referenced': (service, secret) =>
    `secret/${secret} was right, but with the new release the template of deployment/${service} had lost its imagePullSecrets.`,
};

export default defineScenario({
  id: 'image-pull-secret',
  incident: 'INC-2141',
  title: 'A rollout does not come to its end',
  area: 'images',
  difficulty: 'intermediate',
  minutes: 15,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'Your K8s app crashes during image pull — how to triage?' },
    { url: 'https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/' },
    { url: 'https://kubernetes.io/docs/concepts/containers/images/#using-a-private-registry' },
  ],
  needs: ['registry'],
  variants: {
    service: oneOf('payments', 'refunds', 'fx'),
    secret: oneOf('registry-login', 'image-pull', 'shop-registry'),
    cause: oneOf<Cause>('missing', 'wrong type', 'wrong namespace', 'not referenced'),
  },

  ticket: ({ service }) =>
    `Release ${release} of ${service} was rolled out ten minutes ago. The rollout does not end, and /version still answers
${oldTag}; customers notice nothing so far. Bring release ${release} of ${service} out.
The registry is ${host}; from inside the cluster it answers as http://registry.
Its login is kept by the platform team: secret/${robot.name} in namespace ${robot.namespace}.`,
  rules: ({ service }) => [
    `The release to ship is ${release}, as ${host}/${repository} has it, for every pod of ${service}; it comes from there and from nowhere else.`,
    'A pod on any node gets what is pushed there tomorrow too, whoever else runs there, also on a node that comes tomorrow under a name and with labels of its own.',
    'The registry goes on asking for its password.',
    `When this is graded, ${service} answers its callers, and its Service leads to its pods and nowhere else.`,
    lastingRule(service),
    namesRule,
  ],

  baseline: ({ service, secret }) =>
    shop({
      images: { [service]: image(oldTag) },
      loaded: [`shop.test/shop:${release}`],
      registries: [registry, openMirror],
      patches: { [service]: { spec: { template: { spec: { imagePullSecrets: [{ name: secret }] } } } } },
      before: [
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: robot.namespace } },
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: robot.name, namespace: robot.namespace },
          type: 'Opaque',
          data: { server: base64(host), username: base64(robot.username), password: base64(robot.password) },
        },
        dockerSecret(secret, authsOf(robot)),
      ],
    }),
  inject: ({ service, secret, cause }) => [
    ...breakages[cause](secret),
    faults.podTemplate(
      { namespace, name: service },
      {
        containers: [{ name: service, image: image(release) }],
        ...(cause === 'not referenced' ? { imagePullSecrets: null } : {}),
      },
      cause === 'not referenced'
        ? `deployment/${service} was given release ${release}, and its imagePullSecrets were dropped.`
        : `deployment/${service} was given release ${release}, which no node had pulled yet.`,
    ),
  ],
  since: minutes(10),
  symptoms: ({ service, cause }) => [
    checks.waitingFor({ namespace, app: service }, ['ImagePullBackOff', 'ErrImagePull']),
    checks.podEvent({ namespace, app: service }, 'Failed', 'no basic auth credentials'),
    ...(secretIsMissed(cause)
      ? [checks.podEvent({ namespace, app: service }, 'FailedToRetrieveImagePullSecret')]
      : []),
  ],

  objectives: ({ service }) => [
    objective(
      'image',
      30,
      `All pods of ${service} run release ${release}`,
      converge(backOff, checks.imageIs({ namespace, name: service }, { host, repository, tag: release })),
    ),
    objective(
      'release',
      20,
      `${service} answers as ${release}`,
      hold(
        seconds(30),
        checks.http({
          from: { namespace, app: callerOf(service) },
          url: `http://${service}/version`,
          contains: `"version":"${release}"`,
        }),
        backOff,
      ),
    ),
    objective(
      'rollout',
      20,
      `The rollout of ${service} is complete`,
      hold(seconds(10), checks.rolloutComplete({ namespace, name: service }), backOff),
    ),
    objective(
      'next-release',
      30,
      `Pods of ${service} get what is pushed next`,
      checks.freshTagPulls({ namespace, name: service }, { host, repository, tag: release }),
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
      'A new node may fetch the images and run the pod',
      checks.mayPull({ namespace, name: service }),
    ),
    safeguard(
      'closed',
      'veto',
      'The registry refuses who has no password',
      checks.http({ from: { namespace, app: 'gateway' }, url: 'http://registry/v2/', status: 401 }),
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
      hold(seconds(10), checks.endpointsServe({ namespace, name: service }), backOff),
    ),
    safeguard(
      'same-service',
      'veto',
      `Service ${service} is still the same`,
      checks.sameObject(resources.services, namespace, service),
    ),
  ],

  diagnosis: ({ service, secret, cause }) => [
    ...(cause === 'not referenced'
      ? [
          ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
          ask.field(10, 'spec.template.spec.imagePullSecrets', ['imagePullSecrets']),
        ]
      : [
          ask.object(10, `secret/${secret}`, [`secrets/${secret}`]),
          ask.field(
            10,
            { missing: 'metadata.name', 'wrong type': 'type', 'wrong namespace': 'metadata.namespace' }[
              cause
            ],
            { missing: ['name'], 'wrong type': [], 'wrong namespace': ['namespace'] }[cause],
          ),
        ]),
    ask.evidence(10, secretIsMissed(cause) ? MISSED : REFUSED, [
      secretIsMissed(cause) ? REFUSED : MISSED,
      'The registry answers that the tag is not found',
      'The registry cannot be reached',
      'The container starts and crashes',
    ]),
  ],
  hints: ({ service }) => [
    hint(
      5,
      `kubectl -n shop get pods shows a pod of ${service} that never starts: what do its events say, to the end of the line?`,
    ),
    hint(
      10,
      'A node asks with what the pod brings along: imagePullSecrets of the pod or of its ServiceAccount, which name secrets of the same namespace and of a type made for it.',
    ),
    templateHint(20, { namespace, name: service }, async ({ spec }, lab) => {
      const named = spec.imagePullSecrets?.map(({ name }) => name) ?? [];
      const secrets = await lab.kube.list(resources.secrets, { namespace });
      const there = secrets.map(({ metadata, type }) => `${metadata.name} (${type})`).join(', ');
      return `Right now the template of ${service} names these pull secrets: ${named.join(', ') || 'none'}. Namespace ${namespace} has: ${there || 'none'}.`;
    }),
  ],

  fixes: ({ service, secret }) => {
    const create = (name: string) =>
      `kubectl -n shop create secret docker-registry ${name} --docker-server=${host} --docker-username=… --docker-password=…   # from secret/${robot.name}`;
    const reference = `kubectl -n shop patch deployment ${service} -p '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"${secret}"}]}}}}'`;
    const named = { imagePullSecrets: [{ name: secret }] };
    return [
      fix(
        'secret',
        [`kubectl -n shop delete secret ${secret} --ignore-not-found`, create(secret), reference],
        async (lab) => {
          await putLogin(lab, secret);
          await patchPods(lab, service, named);
        },
      ),
      fix(
        'dockercfg',
        ['the same as a secret of type kubernetes.io/dockercfg, the older form'],
        async (lab) => {
          await putSecret(lab, {
            ...dockerSecret(secret, {}),
            type: 'kubernetes.io/dockercfg',
            data: { '.dockercfg': base64(JSON.stringify(authsOf(await loginOf(lab)))) } as never,
          });
          await patchPods(lab, service, named);
        },
      ),
      fix(
        'service-account',
        [
          create('robot'),
          `kubectl -n shop patch serviceaccount default -p '{"imagePullSecrets":[{"name":"robot"}]}'`,
          `kubectl -n shop edit deployment ${service}   # without imagePullSecrets: a pod that has its own takes none of its account`,
          `kubectl -n shop rollout restart deployment ${service}`,
        ],
        async (lab) => {
          await putLogin(lab, 'robot');
          const account = { imagePullSecrets: [{ name: 'robot' }] };
          await lab.kube.patch(resources.serviceAccounts, namespace, 'default', account, { type: 'merge' });
          await patchPods(lab, service, { imagePullSecrets: null });
          await faults.restart(lab, { namespace, name: service });
        },
      ),
      fix(
        'own-account',
        [`a ServiceAccount ${service} with the pull secret, and serviceAccountName: ${service}`],
        async (lab) => {
          await putLogin(lab, 'robot');
          await lab.kube.create(resources.serviceAccounts, {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name: service, namespace },
            imagePullSecrets: [{ name: 'robot' }],
          });
          await patchPods(lab, service, { serviceAccountName: service, imagePullSecrets: null });
        },
      ),
      fix('second-secret', [create('robot'), 'named beside the first one'], async (lab) => {
        await putLogin(lab, 'robot');
        await patchPods(lab, service, { imagePullSecrets: [{ name: secret }, { name: 'robot' }] });
      }),
      fix(
        'auth-only',
        [
          'a .dockerconfigjson that has only "auth", as docker login writes it, under the address of the registry',
        ],
        async (lab) => {
          const { username, password } = await loginOf(lab);
          const auths = { [`https://${host}`]: { auth: base64(`${username}:${password}`) } };
          await putSecret(lab, dockerSecret(secret, auths));
          await patchPods(lab, service, named);
        },
      ),
      fix(
        'undo-first',
        [`kubectl -n shop rollout undo deployment ${service}`, create(secret), 'then the release again'],
        async (lab) => {
          await setImage(lab, service, { image: image(oldTag) });
          await putLogin(lab, secret);
          await patchPods(lab, service, { ...named, containers: [{ name: service, image: image(release) }] });
        },
      ),
    ];
  },
  hacks: ({ service, secret }) => [
    hack('open-mirror', 'repository', async (lab) => {
      await setImage(lab, service, { image: image(release, mirror) });
    }),
    hack('local-image', 'repository', async (lab) => {
      await setImage(lab, service, { image: `shop.test/shop:${release}`, imagePullPolicy: 'Never' });
    }),
    hack('pulled-by-hand', 'next-release', async (lab) => {
      await putLogin(lab, 'by-hand');
      const nodes = await lab.kube.list(resources.nodes);
      for (const { metadata } of nodes) {
        const name = `pull-${metadata.name}`;
        await lab.kube.create(resources.pods, {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace },
          spec: {
            nodeName: metadata.name,
            imagePullSecrets: [{ name: 'by-hand' }],
            containers: [{ name: 'pull', image: image(release), env: [{ name: 'ROLE', value: 'notifier' }] }],
          } as never,
        });
      }
      await lab.clock.wait(seconds(20), lab.signal);
      for (const { metadata } of nodes) {
        await lab.kube.delete(resources.pods, namespace, `pull-${metadata.name}`);
      }
      await lab.kube.delete(resources.secrets, namespace, 'by-hand');
      await setImage(lab, service, { imagePullPolicy: 'Never' });
    }),
    hack('todays-nodes', 'new-node', async (lab) => {
      await putLogin(lab, secret);
      const spec = { ...(await faults.todaysNodes(lab)), imagePullSecrets: [{ name: secret }] };
      await patchPods(lab, service, spec);
    }),
    hack('never-before-it', 'new-node', async (lab) => {
      // A node that comes tomorrow has no copy of what runs first either.
      await putLogin(lab, secret);
      const first = { name: 'first', image: 'shop.test/shop:1.4.2', imagePullPolicy: 'Never' };
      await patchPods(lab, service, {
        imagePullSecrets: [{ name: secret }],
        initContainers: [{ ...first, command: ['true'] }],
      });
    }),
    hack('wrong-password', 'image', async (lab) => {
      await putSecret(
        lab,
        dockerSecret(secret, authsOf({ username: robot.username, password: 'let-me-in' })),
      );
      await patchPods(lab, service, { imagePullSecrets: [{ name: secret }] });
    }),
    hack('other-server', 'next-release', async (lab) => {
      await putSecret(lab, dockerSecret(secret, authsOf(await loginOf(lab), 'registry')));
      await patchPods(lab, service, { imagePullSecrets: [{ name: secret }] });
    }),
    hack('secret-elsewhere', 'next-release', async (lab) => {
      const copied = dockerSecret('robot', authsOf(await loginOf(lab)));
      await lab.kube.create(resources.secrets, {
        ...copied,
        metadata: { name: 'robot', namespace: 'default' },
      });
      await patchPods(lab, service, { imagePullSecrets: [{ name: 'robot' }] });
    }),
    hack('account-beside-own', 'next-release', async (lab) => {
      // A pod with pull secrets of its own takes none of its account.
      await putLogin(lab, 'robot');
      const account = { imagePullSecrets: [{ name: 'robot' }] };
      await lab.kube.patch(resources.serviceAccounts, namespace, 'default', account, { type: 'merge' });
      await patchPods(lab, service, { imagePullSecrets: [{ name: 'nobody' }] });
    }),
    hack('old-release', 'image', async (lab) => {
      await putLogin(lab, secret);
      await patchPods(lab, service, {
        imagePullSecrets: [{ name: secret }],
        containers: [{ name: service, image: image(oldTag) }],
      });
    }),
    hack('fake-version', 'image', async (lab) => {
      const old = { name: service, image: image(oldTag) };
      await patchPods(lab, service, await faults.releaseNotes(lab, namespace, old, release));
    }),
    hack('fake-version-and-status', 'image', async (lab) => {
      const old = { name: service, image: image(oldTag) };
      await putLogin(lab, secret);
      const spec = await faults.releaseNotes(lab, namespace, old, release);
      await patchPods(lab, service, { ...spec, imagePullSecrets: [{ name: secret }] });
      await lab.clock.wait(seconds(60), lab.signal);
      const digest = await faults.digestOf(lab, { host, repository, tag: release });
      await faults.claimImage(lab, { namespace, app: service }, `${host}/${repository}@${digest}`);
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await putLogin(lab, secret);
      const containers = [{ name: service, ...faults.asksNobody }];
      await patchPods(lab, service, { imagePullSecrets: [{ name: secret }], containers });
    }),
    hack('scale-to-zero', 'in-service', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 0);
    }),
  ],

  debrief: ({ service, secret, cause }) => `${STORIES[cause](service, secret)}
A node asks the registry with what the pod brings along: the imagePullSecrets of the pod, or of its ServiceAccount if the pod
names none. They are secrets of the pod's own namespace, of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg;
all others are passed over without a word. Where one is missing the kubelet warns (FailedToRetrieveImagePullSecret) and tries
without: the registry's answer, "no basic auth credentials", is the same in all four cases, so look for what else is said.
The container never started. The seed says that such a pod ends in CrashLoopBackOff; a failed pull never does: it is ErrImagePull,
then ImagePullBackOff, and the next try comes after 10 s, 20 s … up to 5 minutes.`,
});
