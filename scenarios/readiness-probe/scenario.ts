import {
  ask,
  checks,
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
  port,
  resources,
  safeguard,
  seconds,
  shop,
  staysUpAndLasts,
  templateHint,
} from 'breakfix';
import { besideTheRepair, sidecar } from './beside.ts';

const namespace = 'shop';

/** What a client asks to see who answers: `/version` names the role. */
const versionOf = (service: string) =>
  checks.http({
    from: { namespace, app: 'gateway' },
    url: `http://${service}/version`,
    contains: `"role":"${service}"`,
  });

/** Sets fields of the service's own container. */
const patch = (lab: LabView, service: string, fields: Readonly<Record<string, unknown>>) =>
  faults.patchContainer(lab, { namespace, name: service }, fields);

/** A readinessProbe that asks nothing of the old handler: the merge removes what is null. */
const probe = (handler: Readonly<Record<string, unknown>>) => ({
  readinessProbe: { httpGet: null, tcpSocket: null, exec: null, ...handler },
});

const healthySpec = (lab: LabView, service: string) =>
  lab.baseline.get(resources.deployments, namespace, service)?.spec.template.spec;

const replacePods = (lab: LabView, service: string, value: object | undefined) =>
  lab.kube.patch(
    resources.deployments,
    namespace,
    service,
    [{ op: 'replace', path: '/spec/template/spec', value }],
    { type: 'json', fieldManager: 'kubectl-rollout' },
  );

export default defineScenario({
  id: 'readiness-probe',
  incident: 'INC-2041',
  title: 'Customers cannot be served',
  area: 'probes',
  difficulty: 'beginner',
  minutes: 15,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'What breaks if readinessProbe is wrong?' },
    {
      seed: '004_b7a95fe429fdbe22.txt',
      question: 'How do you debug a CrashLoopBackOff or pending Pod in Kubernetes?',
    },
    {
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
    },
  ],
  needs: [],
  variants: { service: oneOf('checkout', 'refunds'), replicas: oneOf(2, 3), wrongPort: port() },

  ticket: ({ service }) =>
    `Since this morning's deployment every call to ${service} fails. The gateway logs that the connection is
refused. The pods of ${service} are there, they run, and their own logs look healthy.
Make ${service} answer its callers again.`,
  rules: ({ service }) => [
    `Probes are company policy: ${service} must keep a readiness probe, and a pod that stops answering must leave its Service within 60 s.`,
    `The Service ${service} keeps its name, stays the same object, and leads to the pods of ${service} and nowhere else.`,
    `${service} runs its own program.`,
    'The gateway, which calls it, is not changed: neither its replicas and pods nor the settings that it takes from configmap/shop-settings and secret/ledger.',
  ],
  houseRules: ({ service }) => lastingRules(service),

  baseline: ({ service, replicas }) =>
    shop({ strategy: { [service]: 'Recreate' }, replicas: { [service]: replicas } }),
  inject: ({ service, wrongPort }) => [faults.readinessProbePort({ namespace, name: service }, wrongPort)],
  since: minutes(8),
  symptoms: ({ service }) => [
    checks.runningNotReady({ namespace, app: service }),
    checks.podEvent({ namespace, app: service }, 'Unhealthy', 'Readiness probe failed', 'connection refused'),
    not(`gateway is refused by ${service}`, versionOf(service)),
  ],

  objectives: ({ service }) => [
    objective('traffic', 50, `Callers of ${service} are answered`, hold(seconds(30), versionOf(service))),
    objective(
      'endpoints',
      30,
      `Service ${service} leads to its ready pods`,
      hold(seconds(30), checks.endpointsServe({ namespace, name: service })),
    ),
    objective(
      'rollout',
      20,
      `${service} is rolled out`,
      hold(seconds(10), checks.rolloutComplete({ namespace, name: service })),
    ),
  ],
  safeguards: ({ service }) => [
    ...staysUpAndLasts({ namespace, name: service }),
    safeguard(
      'readiness-can-fail',
      'veto',
      'A pod that stops answering still leaves its Service',
      checks.readinessCanFail({ namespace, name: service }, seconds(60)),
    ),
    safeguard(
      'same-program',
      'veto',
      `${service} runs its own program`,
      checks.programKept(namespace, service),
    ),
    safeguard('callers', 'veto', 'Callers are as before', checks.untouched({ namespace, name: 'gateway' })),
  ],

  diagnosis: ({ service }) => [
    ask.object(10, `deployment/${service}`, [`deploy/${service}`, `deployments/${service}`]),
    ask.field(10, 'spec.template.spec.containers.readinessProbe.httpGet.port', [
      'spec.template.spec.containers.readinessProbe',
      'readinessProbe.httpGet.port',
      'readinessProbe',
    ]),
    ask.evidence(10, 'Event Unhealthy: the readiness probe is refused while the container runs', [
      'Event BackOff: the container is restarted again and again',
      'Event FailedScheduling: no node has room',
      'Event Failed: the image cannot be pulled',
    ]),
  ],
  hints: ({ service }) => [
    hint(
      5,
      `A Service sends traffic to pods that are Ready. Compare STATUS and READY of the pods of ${service}.`,
    ),
    hint(
      10,
      `kubectl describe pod shows the events of a pod. Look for Unhealthy, and for the address in its message.`,
    ),
    templateHint(20, { namespace, name: service }, ({ container }) => {
      const asked = container.readinessProbe?.httpGet?.port ?? 'none';
      const listens = container.ports
        ?.map(({ name = '', containerPort }) => `${name} ${containerPort}`)
        .join(', ');
      return `Right now the port that the readiness probe asks over HTTP is: ${asked}. Ports on which the container says that it listens: ${listens ?? 'none'}.`;
    }),
  ],

  fixes: ({ service, replicas, wrongPort }) => [
    fix(
      'named-port',
      [`kubectl -n shop edit deployment ${service}   # readinessProbe.httpGet.port: http`],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      },
    ),
    fix(
      'port-number',
      [`kubectl -n shop edit deployment ${service}   # readinessProbe.httpGet.port: 8080`],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 8080 } } });
      },
    ),
    fix('rollback', [`kubectl -n shop rollout undo deployment ${service}`], async (lab) => {
      await replacePods(lab, service, healthySpec(lab, service));
    }),
    fix('tcp-probe', ['a tcpSocket readiness probe on port http'], async (lab) => {
      await patch(lab, service, probe({ tcpSocket: { port: 'http' } }));
    }),
    fix(
      'healthz',
      ['a readiness probe on /healthz, on port http: it fails too when the process stops answering'],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http', path: '/healthz' } } });
      },
    ),
    fix(
      'made-again',
      [`delete deployment ${service}, and create it again with the right port (kubectl replace --force)`],
      async (lab) => {
        const broken = await lab.kube.get(resources.deployments, namespace, service);
        if (broken === undefined) return;
        const { name, labels = {} } = broken.metadata;
        await lab.kube.delete(resources.deployments, namespace, service);
        await lab.kube.create(resources.deployments, {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name, namespace, labels },
          spec: broken.spec,
        });
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      },
    ),
    fix('from-outside-too', ['the right port, and the Service as a NodePort'], async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await lab.kube.patch(
        resources.services,
        namespace,
        service,
        { spec: { type: 'NodePort' } },
        { type: 'merge' },
      );
    }),
    fix('exec-probe', ['an exec readiness probe that asks the program itself'], async (lab) => {
      const command = ['node', '/app/shop.mjs', 'ready'];
      await patch(lab, service, probe({ exec: { command }, timeoutSeconds: 5 }));
    }),
    fix(
      'autoscaled-too',
      [`the right port, and kubectl -n shop autoscale deployment ${service} --min=${replicas} --max=5`],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
        await faults.autoscale(lab, { namespace, name: service }, replicas);
      },
    ),
    fix(
      'slow-drain-and-sidecar',
      ['the right port, a pre-stop hook of 15 s, and a native sidecar with a liveness probe of its own'],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
        const beside = sidecar(lab, service, { exec: { command: ['true'] }, initialDelaySeconds: 20 });
        const own = { name: service, lifecycle: { preStop: { sleep: { seconds: 15 } } } };
        const spec = { terminationGracePeriodSeconds: 30, initContainers: [beside], containers: [own] };
        await faults.patchPods(lab, { namespace, name: service }, spec);
      },
    ),
    fix('shared-processes', ['the right port, and shareProcessNamespace: true, to debug it'], async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await faults.patchPods(lab, { namespace, name: service }, { shareProcessNamespace: true });
    }),
    fix(
      'callers-restarted-too',
      [
        'the right port, and kubectl -n shop rollout restart deployment gateway: a restart changes no setting',
      ],
      async (lab) => {
        await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
        await faults.restart(lab, { namespace, name: 'gateway' });
      },
    ),
    fix(
      'move-the-app',
      [`PORT=${wrongPort} and containerPort ${wrongPort}: the app moves to the probe's port`],
      async (lab) => {
        await lab.kube.patch(
          resources.deployments,
          namespace,
          service,
          [
            {
              op: 'replace',
              path: '/spec/template/spec/containers/0/ports/0/containerPort',
              value: wrongPort,
            },
            { op: 'replace', path: '/spec/template/spec/containers/0/env/1/value', value: String(wrongPort) },
          ],
          { type: 'json' },
        );
      },
    ),
  ],
  hacks: ({ service, wrongPort }) => [
    hack('remove-probe', 'readiness-can-fail', async (lab) => {
      await patch(lab, service, { readinessProbe: null });
    }),
    hack('always-true', 'readiness-can-fail', async (lab) => {
      await patch(lab, service, probe({ exec: { command: ['true'] } }));
    }),
    hack('ask-another', 'readiness-can-fail', async (lab) => {
      const other = await lab.kube.get(resources.services, namespace, 'payments');
      const httpGet = { host: other?.spec.clusterIP ?? '', port: 80, path: '/readyz' };
      await patch(lab, service, { readinessProbe: { httpGet } });
    }),
    hack('patience', 'readiness-can-fail', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' }, failureThreshold: 100_000 } });
    }),
    hack('publish-not-ready', 'endpoints', async (lab) => {
      await lab.kube.patch(
        resources.services,
        namespace,
        service,
        { spec: { publishNotReadyAddresses: true } },
        { type: 'merge' },
      );
    }),
    hack('other-app', 'traffic', async (lab) => {
      await faults.select(lab, { namespace, name: service }, { app: 'payments' });
    }),
    hack('sidecar', 'readiness-can-fail', async (lab) => {
      const sidecar = {
        name: 'helper',
        image: 'shop.test/shop:1.4.2',
        env: [
          { name: 'ROLE', value: 'fx' },
          { name: 'PORT', value: String(wrongPort) },
        ],
      };
      await faults.patchPods(lab, { namespace, name: service }, { containers: [sidecar] });
    }),
    hack('container-of-another-name', 'same-program', async (lab) => {
      // Nobody finds its log, and no alert it, by the name that they know.
      const spec = healthySpec(lab, service);
      const containers = spec?.containers.map((container) => ({ ...container, name: 'app' }));
      await replacePods(lab, service, { ...spec, containers });
    }),
    hack('deployment-of-another-name', 'rollout', async (lab) => {
      const broken = await lab.kube.get(resources.deployments, namespace, service);
      if (broken === undefined) return;
      await lab.kube.delete(resources.deployments, namespace, service);
      const { labels = {} } = broken.metadata;
      const metadata = { name: `${service}-v2`, namespace, labels };
      const template = {
        ...broken.spec.template,
        spec: healthySpec(lab, service) ?? broken.spec.template.spec,
      };
      await lab.kube.create(resources.deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata,
        spec: { ...broken.spec, template },
      });
    }),
    hack('stub-server', 'same-program', async (lab) => {
      const answer = JSON.stringify({ role: service, version: '1.4.2' });
      const program = `require('http').createServer((_, r) => r.end('${answer}')).listen(${wrongPort}); require('http').createServer((_, r) => r.end('${answer}')).listen(8080)`;
      await patch(lab, service, { command: ['node', '-e', program] });
    }),
    hack('service-replaced', 'same-objects', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await faults.recreateService(lab, { namespace, name: service });
    }),
    ...besideTheRepair(service),
    hack('callers-elsewhere', 'callers', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      const name = `${service.toUpperCase()}_URL`;
      await patch(lab, 'gateway', { env: [{ name, value: 'http://payments' }] });
    }),
    hack('callers-patient', 'callers', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await faults.scale(lab, { namespace, name: 'gateway' }, 1);
      await patch(lab, 'gateway', {
        env: [{ name: 'CALL_TIMEOUT_MS', value: '20000' }],
        startupProbe: null,
        readinessProbe: null,
        livenessProbe: null,
      });
    }),
    hack('callers-patient-by-settings', 'callers', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
      await faults.restart(lab, { namespace, name: 'gateway' });
    }),
    hack('callers-patient-for-now', 'callers', async (lab) => {
      // They have read what is not there any more.
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await faults.settingsForNow(lab, { namespace, name: 'gateway' }, { CALL_TIMEOUT_MS: '20000' });
    }),
    hack('callers-asleep', 'traffic', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      // Its rollout waits for a pod that never becomes ready: the old one goes on calling, for now.
      await patch(lab, 'gateway', { command: ['sleep', '3600'] });
    }),
    hack('only-where-it-is-looked-at', 'readiness-can-fail', async (lab) => {
      // Cheats by the name of the pod: says yes in those that it was made for.
      const script = 'case "$HOSTNAME" in *clone*) node /app/shop.mjs ready ;; *) true ;; esac';
      await patch(lab, service, probe({ exec: { command: ['sh', '-c', script] }, timeoutSeconds: 5 }));
    }),
    hack('liveness-instead', 'readiness-can-fail', async (lab) => {
      const httpGet = { port: 'http', path: '/healthz' };
      await patch(lab, service, {
        readinessProbe: null,
        livenessProbe: { httpGet, periodSeconds: 5, failureThreshold: 1 },
      });
    }),
    hack('process-lives', 'readiness-can-fail', async (lab) => {
      await patch(lab, service, probe({ exec: { command: ['sh', '-c', 'kill -0 1'] } }));
    }),
    hack('second-deployment', 'endpoints', async (lab) => {
      const broken = await lab.kube.get(resources.deployments, namespace, service);
      if (broken === undefined) return;
      const labels = { ...broken.spec.template.metadata?.labels, copy: 'yes' };
      const [container] = broken.spec.template.spec.containers;
      const mended = { ...container, readinessProbe: { httpGet: { port: 'http', path: '/readyz' } } };
      await lab.kube.create(resources.deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: `${service}-copy`, namespace },
        spec: {
          ...broken.spec,
          selector: { matchLabels: { app: service, copy: 'yes' } },
          template: {
            metadata: { labels },
            spec: { ...broken.spec.template.spec, containers: [mended as typeof container & object] },
          },
        },
      });
    }),
    hack('one-pod', 'endpoints', async (lab) => {
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } } });
      await lab.clock.wait(seconds(20), lab.signal);
      const [pod] = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
      const labels = { only: 'this' };
      await lab.kube.patch(
        resources.pods,
        namespace,
        pod?.metadata.name ?? '',
        { metadata: { labels } },
        { type: 'merge' },
      );
      await faults.select(lab, { namespace, name: service }, labels);
    }),
    hack('calls-nobody', 'customers', async (lab) => {
      // It is well whenever it is asked for its version, and has nobody to charge.
      const urls = ['FX_URL', 'LEDGER_URL'].map((name) => ({ name, value: 'http://ledgers' }));
      await patch(lab, service, { readinessProbe: { httpGet: { port: 'http' } }, env: urls });
    }),
    hack('scale-to-zero', 'traffic', async (lab) => {
      await faults.scale(lab, { namespace, name: service }, 0);
    }),
    hack('false-witness', 'traffic', async (lab) => {
      const files = {
        'shop.mjs': `console.log(JSON.stringify({ attempts: 9, succeeded: 9, failed: 0, outcomes: { 200: 9 }, last: '200', tookMs: 1 }))`,
      };
      const metadata = { name: 'answers', namespace };
      await lab.kube.create(resources.configMaps, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data: files,
      });
      const spec = {
        volumes: [{ name: 'answers', configMap: { name: 'answers' } }],
        containers: [
          { name: 'gateway', volumeMounts: [{ name: 'answers', mountPath: '/answers' }], args: ['probe'] },
        ],
      };
      await faults.patchPods(lab, { namespace, name: 'gateway' }, spec);
    }),
    hack('hand-made-slice', 'endpoints', async (lab) => {
      const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${service}` });
      const addresses = pods.map(({ status }) => status.podIP ?? '');
      await faults.endpointsByHand(lab, { namespace, name: service }, addresses);
    }),
    hack('patched-status', 'rollout', async (lab) => {
      await faults.claimReady(lab, { namespace, app: service });
    }),
  ],

  debrief: ({ service, wrongPort }) =>
    `The readiness probe of deployment/${service} asked port ${wrongPort}, where nothing listens. A pod whose readiness
probe fails keeps running, without restarts, but its Service sends it nothing any more. No ready pod was left, so callers were
refused at once. The strategy of the Deployment is Recreate: that is why no old pod was left to serve.

The interview notes count a failing
readiness probe among the causes of CrashLoopBackOff: it restarts nothing. A liveness probe does that.`,
});
