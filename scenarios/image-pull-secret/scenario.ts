import {
  servedRule,
  ask,
  byHandRule,
  callerOf,
  checks,
  converge,
  defineScenario,
  type Fault,
  faults,
  hint,
  hold,
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
import {
  authsOf,
  base64,
  dockerSecret,
  host,
  image,
  namespace,
  oldTag,
  openMirror,
  registry,
  release,
  repository,
  robot,
} from './registry.ts';
import { fixesOf, hacksOf } from './repairs.ts';

/** A pod that waits in back-off asks again after five minutes at the latest. */
const backOff = seconds(330);

type Cause = 'missing' | 'wrong type' | 'wrong namespace' | 'not referenced';

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
    `deployment/${service} names the pull secret ${secret}, which had been created again with type Opaque: right content, wrong type.`,
  'wrong namespace': (service, secret) =>
    `deployment/${service} names the pull secret ${secret}, which was in namespace ${robot.namespace} and not in ${namespace}.`,
  'not referenced': (service, secret) =>
    `secret/${secret} was right, but with the new release the template of deployment/${service} lost its imagePullSecrets.`,
};

export default defineScenario({
  id: 'image-pull-secret',
  incident: 'INC-2141',
  title: 'A rollout does not finish',
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
    `Release ${release} of ${service} was rolled out ten minutes ago. The rollout does not finish, and /version still answers
${oldTag}. Customers notice nothing so far. Get release ${release} of ${service} running.
The registry is ${host}; from inside the cluster it answers as http://registry.
The platform team keeps its login in secret/${robot.name} in namespace ${robot.namespace}.`,
  rules: ({ service }) => [
    `Every pod of ${service} runs release ${release} as ${host}/${repository} has it; the image comes from there and from nowhere else. The template names it by its own tag or by its digest.`,
    `A pod on any node, whatever else runs there, can also pull what is pushed there tomorrow. That includes a node that joins tomorrow, with a new name and only the labels that every node has. ${byHandRule}`,
    'The registry still asks for its password.',
    servedRule(service),
  ],
  houseRules: ({ service }) => lastingRules(service),

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
      `Pods of ${service} can pull what is pushed next`,
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
      'A new node may pull the images and run the pod',
      checks.mayPull({ namespace, name: service }),
    ),
    safeguard(
      'closed',
      'veto',
      'The registry refuses whoever has no password',
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
            {
              // What is not there has no field that is wrong: who names it is right as well.
              missing: ['name', 'data', 'imagePullSecrets', 'spec.template.spec.imagePullSecrets'],
              'wrong type': [],
              'wrong namespace': ['namespace'],
            }[cause],
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
      `kubectl -n shop get pods shows a pod of ${service} that never starts. What do its events say? Read each line to its end.`,
    ),
    hint(
      10,
      'A node asks the registry with the credentials that the pod brings: imagePullSecrets of the pod or of its ServiceAccount. They name Secrets of the same namespace, of a type that is made for this.',
    ),
    templateHint(20, { namespace, name: service }, async ({ spec }, lab) => {
      const named = spec.imagePullSecrets?.map(({ name }) => name) ?? [];
      const secrets = await lab.kube.list(resources.secrets, { namespace });
      const there = secrets.map(({ metadata, type }) => `${metadata.name} (${type})`).join(', ');
      return `Right now the template of ${service} names these pull secrets: ${named.join(', ') || 'none'}. Namespace ${namespace} has: ${there || 'none'}.`;
    }),
  ],

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ service, secret, cause }) => `${STORIES[cause](service, secret)}

A node asks the registry with the credentials that the pod brings: the imagePullSecrets of the pod, or those of its ServiceAccount if the pod
names none. They are Secrets of the pod's own namespace, of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg. The kubelet ignores
Secrets of other types, and no event says so. If one is missing, the kubelet warns (FailedToRetrieveImagePullSecret) and tries without it. This
failure has four forms (a Secret that is missing, of the wrong type, in the wrong namespace, or not named), and in each of them the pull ends with
"no basic auth credentials": so look for what else the events say.
The container never started. The interview notes say that such a pod ends in CrashLoopBackOff. A failed pull never does: the pod waits with ErrImagePull,
then with ImagePullBackOff, and the kubelet tries again after 10 s, 20 s … up to 5 minutes.`,
});
