import {
  all,
  ask,
  between,
  callerOf,
  checks,
  customersGoOn,
  dataKept,
  defineScenario,
  faults,
  fix,
  hack,
  hint,
  hold,
  type LabView,
  lastingRules,
  minutes,
  not,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  shopStartsAgain,
  templateHint,
} from 'breakfix';

const namespace = 'shop';

/** Releases that load their price lists before they listen, and for how many seconds. */
const startSeconds = { '1.8.0': 35, '1.8.1': 45 } as const;
const imageOf = (release: string): string => `shop.test/shop:${release}`;

/** What the fault leaves of the liveness probe. The program is told to end, and killed, before it ever listens. */
const eager = (initialDelaySeconds: number) => ({
  initialDelaySeconds,
  periodSeconds: 5,
  failureThreshold: 3,
});

/** What is asked of every repair, in seconds; the rules say it. */
const startAllowance = 60;
const killedWithin = 120;
/** And so soon after it stopped answering it must be out of its Service, in seconds. */
const leavesWithin = 60;

/** What a client asks to see who answers: `/version` names the role. */
const versionOf = (service: string) =>
  checks.http({
    from: { namespace, app: callerOf(service) },
    url: `http://${service}/version`,
    contains: `"role":"${service}"`,
  });

/** Sets fields of the service's own container. */
const patch = (lab: LabView, service: string, fields: Readonly<Record<string, unknown>>) =>
  faults.patchContainer(lab, { namespace, name: service }, fields);

/** A liveness probe that asks nothing of the old handler: the merge removes what is null. */
const liveness = (handler: Readonly<Record<string, unknown>>) => ({
  livenessProbe: { httpGet: null, tcpSocket: null, exec: null, ...handler },
});

const health = { httpGet: { path: '/healthz', port: 'http' } };

/** `kubectl delete deployment`, and `kubectl apply` of the manifest that the healthy shop had. */
async function deployAgain(lab: LabView, service: string): Promise<void> {
  const before = lab.baseline.get(resources.deployments, namespace, service);
  if (before === undefined) throw new Error(`the healthy shop has no ${service}`);
  await lab.kube.delete(resources.deployments, namespace, service);
  const metadata = { name: service, namespace, labels: before.metadata.labels ?? {} };
  const again = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: before.spec };
  await lab.kube.applyAll([again], { manager: 'kubectl', force: true });
}

export default defineScenario({
  id: 'liveness-too-eager',
  incident: 'INC-2052',
  title: 'A service has not come back since last night',
  area: 'probes',
  difficulty: 'beginner',
  minutes: 15,
  documents: [
    {
      seed: '004_b7a95fe429fdbe22.txt',
      question: 'How do you debug a CrashLoopBackOff or pending Pod in Kubernetes?',
    },
    {
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
    },
  ],
  needs: [],
  variants: {
    service: oneOf('refunds', 'payments', 'checkout'),
    release: oneOf('1.8.0', '1.8.1'),
    initialDelay: between(3, 8),
  },

  ticket: ({ service, release }) =>
    `${service} was changed last night and has not answered a single call since. Its pods are there, but none of them ever
becomes ready, and RESTARTS climbs. The team of ${service} is sure that release ${release} is good: it ran all day yesterday.
Make ${service} answer its callers again.`,
  rules: ({ service, release }) => [
    `Probes are company policy: ${service} keeps its probes.`,
    `A pod that stops answering must leave its Service within ${leavesWithin} s. A container that has run for ${startAllowance} s and then stops answering must be restarted within ${killedWithin} s.`,
    `${service} stays at release ${release} and runs its own program, in at least as many pods as before.`,
    `The Service ${service} keeps its name, stays the same object, and leads to the pods of ${service} and nowhere else.`,
  ],
  houseRules: ({ service }) => lastingRules(service, 'two minutes'),

  baseline: ({ service, release }) =>
    shop({
      images: { [service]: imageOf(release) },
      loaded: [imageOf(release)],
      strategy: { [service]: 'Recreate' },
    }),
  inject: ({ service, initialDelay }) => [
    faults.livenessTooEager({ namespace, name: service }, eager(initialDelay)),
  ],
  since: minutes(10),
  symptoms: ({ service }) => [
    checks.terminatedFor({ namespace, app: service }, 'Error', 4),
    checks.podEvent({ namespace, app: service }, 'Unhealthy', 'Liveness probe failed', 'connection refused'),
    checks.podEvent({ namespace, app: service }, 'Killing', 'failed liveness probe, will be restarted'),
    not(`callers are refused by ${service}`, versionOf(service)),
  ],

  objectives: ({ service, release, initialDelay }) => {
    const { periodSeconds, failureThreshold } = eager(initialDelay);
    const budget = initialDelay + periodSeconds * failureThreshold;
    return [
      objective(
        'stable',
        50,
        `${service} comes up and stays up`,
        hold(
          // Long enough for what was injected to kill three starts: at most 114 s.
          seconds(startSeconds[release] + 3 * budget),
          all(`all pods of ${service} are available and none of their containers restarts`, [
            checks.rolloutComplete({ namespace, name: service }),
            checks.restartsStable({ namespace, name: service }),
          ]),
          seconds(120),
        ),
      ),
      objective(
        'traffic',
        30,
        `Callers of ${service} are answered`,
        hold(seconds(30), versionOf(service), seconds(120)),
      ),
      objective(
        'endpoints',
        20,
        `Service ${service} leads to its ready pods`,
        hold(seconds(10), checks.endpointsServe({ namespace, name: service }), seconds(120)),
      ),
    ];
  },
  safeguards: ({ service }) => [
    safeguard(
      'starts-again',
      'veto',
      `A new pod of ${service} comes up, and its liveness probe succeeds`,
      checks.startsAgain({ namespace, name: service }, seconds(startAllowance + 60)),
    ),
    shopStartsAgain({ namespace, name: service }, seconds(startAllowance + 60)),
    safeguard(
      'readiness-can-fail',
      'veto',
      'A pod that stops answering still leaves its Service',
      checks.readinessCanFail(
        { namespace, name: service },
        seconds(leavesWithin),
        seconds(startAllowance + 60),
      ),
    ),
    customersGoOn(namespace, seconds(120)),
    dataKept(namespace),
    safeguard(
      'hung-is-killed',
      'veto',
      'A container that stops answering is still restarted',
      checks.livenessKills(
        { namespace, name: service },
        { startMs: seconds(startAllowance), withinMs: seconds(killedWithin) },
      ),
    ),
    safeguard('same-program', 'veto', `${service} runs its release`, checks.programKept(namespace, service)),
  ],

  diagnosis: ({ service }) => [
    ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
    ask.field(10, 'spec.template.spec.containers.livenessProbe', [
      'livenessProbe',
      'spec.template.spec.containers.livenessProbe.initialDelaySeconds',
      'livenessProbe.initialDelaySeconds',
      'spec.template.spec.containers.livenessProbe.failureThreshold',
      'livenessProbe.failureThreshold',
      'spec.template.spec.containers.startupProbe',
      'startupProbe',
    ]),
    ask.evidence(
      10,
      'Event Killing: the liveness probe fails while the log shows that the start is still going on',
      [
        'Last state OOMKilled, exit code 137: the limit is below what the program needs',
        'The log of the previous container ends with an error: the program gives up',
        'Event Failed: the image of the release cannot be pulled',
      ],
    ),
  ],
  hints: ({ service }) => [
    hint(
      5,
      `Exit code 137 says that the program was killed, but not why. Read the events of a pod of ${service}: who killed its container?`,
    ),
    hint(
      10,
      `kubectl -n shop logs deploy/${service} --previous: how long had the program been starting when it was killed, and how far had it come?`,
    ),
    templateHint(20, { namespace, name: service }, ({ container }) => {
      const probe = container.livenessProbe;
      const startup = container.startupProbe === undefined ? 'no startup probe' : 'a startup probe';
      if (probe === undefined) return `Right now ${service} has ${startup} and no liveness probe at all.`;
      const { initialDelaySeconds = 0, periodSeconds, failureThreshold } = probe;
      const after = initialDelaySeconds + periodSeconds * (failureThreshold - 1);
      return `Right now ${service} has ${startup}. Without one, the liveness probe gives up ${after} s after the start. How long does the release need until it listens?`;
    }),
  ],

  fixes: ({ service }) => [
    fix(
      'startup-probe',
      [
        `kubectl -n shop edit deployment ${service}   # startupProbe: httpGet /healthz on port http, periodSeconds 5, failureThreshold 24`,
      ],
      async (lab) => {
        await patch(lab, service, { startupProbe: { ...health, periodSeconds: 5, failureThreshold: 24 } });
      },
    ),
    fix(
      'initial-delay',
      [`kubectl -n shop edit deployment ${service}   # livenessProbe.initialDelaySeconds: 60`],
      async (lab) => {
        await patch(lab, service, { livenessProbe: { initialDelaySeconds: 60 } });
      },
    ),
    fix(
      'more-failures',
      [
        `kubectl -n shop edit deployment ${service}   # livenessProbe: periodSeconds 10, failureThreshold 8: 70 s and more`,
      ],
      async (lab) => {
        await patch(lab, service, { livenessProbe: { periodSeconds: 10, failureThreshold: 8 } });
      },
    ),
    fix('rollback', [`kubectl -n shop rollout undo deployment ${service}`], async (lab) => {
      const before = lab.baseline.get(resources.deployments, namespace, service);
      const operation = {
        op: 'replace' as const,
        path: '/spec/template/spec',
        value: before?.spec.template.spec,
      };
      await lab.kube.patch(resources.deployments, namespace, service, [operation], {
        type: 'json',
        fieldManager: 'kubectl-rollout',
      });
    }),
    fix('startup-tcp', ['a tcpSocket startup probe on port http, every 10 s, 12 times'], async (lab) => {
      const startupProbe = { tcpSocket: { port: 'http' }, periodSeconds: 10, failureThreshold: 12 };
      await patch(lab, service, { startupProbe });
    }),
    fix(
      'startup-exec',
      ['an exec startup probe that asks the program itself: node /app/shop.mjs ready'],
      async (lab) => {
        const exec = { command: ['node', '/app/shop.mjs', 'ready'] };
        const startupProbe = { exec, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 24 };
        await patch(lab, service, { startupProbe });
      },
    ),
    fix(
      'starts-late',
      [
        'a startup probe that begins after 90 s: the pod is ready after 95 s, and the rules allow two minutes',
      ],
      async (lab) => {
        const times = { initialDelaySeconds: 90, periodSeconds: 5, failureThreshold: 6 };
        await patch(lab, service, { startupProbe: { ...health, ...times } });
      },
    ),
    fix(
      'delay-and-tcp',
      ['a tcpSocket liveness probe that begins after 90 s and gives up after 3 × 10 s'],
      async (lab) => {
        const times = { initialDelaySeconds: 90, periodSeconds: 10, failureThreshold: 3 };
        await patch(lab, service, liveness({ tcpSocket: { port: 'http' }, ...times }));
      },
    ),
    fix('deploy-again', ['delete the Deployment, and apply the manifest that it had before'], async (lab) => {
      await deployAgain(lab, service);
    }),
  ],
  hacks: ({ service }) => [
    hack('remove-probe', 'hung-is-killed', async (lab) => {
      await patch(lab, service, { livenessProbe: null });
    }),
    hack('delay-of-a-day', 'hung-is-killed', async (lab) => {
      await patch(lab, service, { livenessProbe: { initialDelaySeconds: 86_400 } });
    }),
    hack('endless-failures', 'hung-is-killed', async (lab) => {
      await patch(lab, service, { livenessProbe: { failureThreshold: 9999 } });
    }),
    hack('once-an-hour', 'hung-is-killed', async (lab) => {
      await patch(lab, service, { livenessProbe: { periodSeconds: 3600 } });
    }),
    hack('always-true', 'hung-is-killed', async (lab) => {
      await patch(lab, service, liveness({ exec: { command: ['true'] } }));
    }),
    hack('ask-another', 'hung-is-killed', async (lab) => {
      const other = await lab.kube.get(resources.services, namespace, 'fx');
      const httpGet = { host: other?.spec.clusterIP ?? '', port: 80, path: '/healthz' };
      await patch(lab, service, liveness({ httpGet }));
    }),
    hack('ask-nobody-later', 'starts-again', async (lab) => {
      // Up and answering for almost three minutes; then the kubelet begins to ask where nobody is.
      const startupProbe = { ...health, periodSeconds: 5, failureThreshold: 24 };
      const times = { initialDelaySeconds: 170, periodSeconds: 5, failureThreshold: 1 };
      await patch(lab, service, { startupProbe, ...liveness({ tcpSocket: { port: 9090 }, ...times }) });
    }),
    hack('readiness-gone-beside-the-repair', 'readiness-can-fail', async (lab) => {
      const startupProbe = { ...health, periodSeconds: 5, failureThreshold: 24 };
      await patch(lab, service, { startupProbe, readinessProbe: null });
    }),
    hack('sidecar-probe', 'hung-is-killed', async (lab) => {
      // The liveness probe moves to a container that is always well.
      const sidecar = {
        name: 'watchdog',
        image: 'shop.test/shop:1.4.2',
        env: [
          { name: 'ROLE', value: 'fx' },
          { name: 'PORT', value: '8099' },
        ],
        livenessProbe: { httpGet: { path: '/healthz', port: 8099 }, periodSeconds: 10 },
      };
      const containers = [{ name: service, livenessProbe: null }, sidecar];
      await faults.patchPods(lab, { namespace, name: service }, { containers });
    }),
    hack('slow-goodbye', 'hung-is-killed', async (lab) => {
      // What the probe has killed goes on for another hour: its pre-stop hook is waited for.
      const lifecycle = { preStop: { sleep: { seconds: 3600 } } };
      const spec = { terminationGracePeriodSeconds: 3700, containers: [{ name: service, lifecycle }] };
      await faults.patchPods(lab, { namespace, name: service }, spec);
    }),
    hack('more-pods', 'stable', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 6);
    }),
    hack('restart-only', 'stable', async (lab) => {
      await faults.restart(lab, { namespace, name: service });
    }),
    hack('a-little-later', 'stable', async (lab) => {
      await patch(lab, service, { livenessProbe: { initialDelaySeconds: 15 } });
    }),
    hack('no-readiness', 'stable', async (lab) => {
      // Ready as soon as it runs: the Service leads to pods that do not listen, and they are killed as before.
      await patch(lab, service, { readinessProbe: null });
    }),
    hack('scale-to-zero', 'traffic', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 0);
    }),
    hack('fewer-pods', 'stable', async (lab) => {
      const startupProbe = { ...health, periodSeconds: 5, failureThreshold: 24 };
      await patch(lab, service, { startupProbe });
      await faults.scale(lab, { namespace, name: service }, 1);
    }),
    hack('other-release', 'same-program', async (lab) => {
      await patch(lab, service, { image: 'shop.test/shop:1.4.2' });
    }),
    hack('other-program', 'same-program', async (lab) => {
      // Answers whoever asks at once, and starts the shop beside it.
      const answer = JSON.stringify({ role: service, version: '1.8.0' });
      const server = `require('http').createServer((_, r) => r.end('${answer}')).listen(8080)`;
      await patch(lab, service, { command: ['node', '-e', server] });
    }),
    hack('other-app', 'endpoints', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'fx' });
    }),
    hack('patched-status', 'stable', async (lab) => {
      await faults.claimReady(lab, { namespace, app: service });
    }),
  ],

  debrief: ({ release, initialDelay }) => {
    const { periodSeconds, failureThreshold } = eager(initialDelay);
    const givesUp = initialDelay + periodSeconds * (failureThreshold - 1);
    return `Release ${release} loads its price lists for ${startSeconds[release]} s before it listens. Its startup probe waited for that. The
change removed the startup probe and left a liveness probe that gives up ${givesUp} s after the start. So the kubelet killed the container at
every start: event Killing "failed liveness probe, will be restarted", last state Error with exit code 137 (SIGKILL after the grace period; the
reason is not OOMKilled), then CrashLoopBackOff with longer and longer pauses. Nothing is wrong with the program, and its log shows that: it
ends in the middle of the start, without an error.

A startup probe is made for this. Until it has succeeded once, neither the liveness nor the readiness probe runs; after that the liveness
probe may be as strict as before. A higher failureThreshold works too, but then every later hang takes longer to be noticed. A longer
initialDelaySeconds costs less: only a program that hangs right after its start is restarted later.

The interview notes advise to "disable or widen" the liveness probe to find out whether the program just needs more time. That is right as an
experiment. As a repair, disabling the probe is wrong, because a hung process then stays. The notes do not mention startup probes. They also count failing
readiness probes among the causes of CrashLoopBackOff: a readiness probe never restarts a container.`;
  },
});
