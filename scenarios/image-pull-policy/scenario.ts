import {
  ask,
  byHandRule,
  callerOf,
  checks,
  converge,
  defineScenario,
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
import { type Cause, host, image, namespace, newTag, oldTag, repository } from './release.ts';
import { fixesOf, hacksOf } from './repairs.ts';

const registry = {
  host,
  repositories: { [repository]: { '1.4.1': '1.4.1', [oldTag]: oldTag, [newTag]: newTag } },
};

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

/** What the events end with. */
const ABSENT = 'The image is not on the node, and the pod forbids the node to pull it';
const DOWN = 'The node has the image, but asks the registry, which refuses connections';

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
      ? `Release ${newTag} of ${service} was tried out in a single pod this morning, and worked well. Ten minutes ago it was rolled out.
Since then ${service} has one ready pod instead of two, and the rollout does not finish.
Get release ${newTag} of ${service} running on both nodes. `
      : `Ten minutes ago the pods of ${service} were hardened. Since then ${service} has one ready pod instead of two, and the rollout
does not finish. The registry is being rebuilt until tomorrow night; nothing can be done about that.
Get ${service} running on both nodes today, with the release that it has now. `) +
    `The registry is ${host}; from inside the cluster it is http://registry.`,
  rules: ({ service, cause }) => [
    `${service} runs release ${cause === 'never' ? newTag : oldTag} of ${host}/${repository} in every pod.`,
    `When this is graded, ${service} has a ready pod on each of the two nodes, and it answers its callers. Its Service leads to its pods and nowhere else.`,
    `The next release of ${service} can be rolled out.`,
    (cause === 'never'
      ? 'Nodes come and go: a new pod starts on any node, whatever else runs there. That includes a node that joins tomorrow, with a new name and only the labels that every node has, and that never had an image of the pod.'
      : 'Nodes come and go: once the registry is back, a node that joins with a new name and only the labels that every node has, and that runs nothing else, must be able to pull the images and run the pod.') +
      ` ${byHandRule}`,
  ],
  houseRules: ({ service }) => lastingRules(service),

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
            `deployment/${service} was given release ${newTag} with imagePullPolicy Never; one node had the image, the other did not.`,
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
          ? `${service} starts on a node that has no copy of the image`
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
      'next-rollout',
      'veto',
      `The next release of ${service} can be rolled out`,
      checks.canRollOut({ namespace, name: service }),
    ),
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
      hold(seconds(10), checks.endpointsServe({ namespace, name: service }), seconds(90)),
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
      `kubectl -n shop get pods -o wide shows which pod of ${service} is not ready, and on which node. Describe that pod.`,
    ),
    hint(
      10,
      'A field beside the image of the container decides whether a node asks the registry, uses its own copy, or gives up.',
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

  fixes: fixesOf,
  hacks: hacksOf,

  debrief: ({ service, cause }) =>
    `${
      cause === 'never'
        ? `deployment/${service} was given release ${newTag} with imagePullPolicy Never: a node then uses only a copy that it has already. The
node on which the release had been tried out had one. On the other node the pod waited with ErrImageNeverPull, and nobody asked the registry.`
        : `deployment/${service} was given imagePullPolicy Always: a node then asks the registry for every new pod, also for an image that it
has already (it pulls nothing again, but it asks). The registry was down, so the new pod got ErrImagePull, although both nodes had the image.`
    }

IfNotPresent is the default for every tag but latest: a node uses its copy if it has one, and pulls if it has none. Pre-pulled images
make starts fast and bridge an outage of the registry, but only with a policy that may pull: a copy is gone when its node is gone, or when the
kubelet needs the disk space. If you pin the pods to the node that has the image, you give up the second node.

The interview notes say that pods whose image cannot be pulled end in CrashLoopBackOff. They never do: their container has not started. It waits with
ErrImageNeverPull, or with ErrImagePull and ImagePullBackOff; then the kubelet tries again after 10 s, 20 s … up to 5 minutes.`,
});
