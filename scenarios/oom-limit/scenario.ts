import {
  ask,
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
  lasts,
  minutes,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
  templateHint,
} from 'breakfix';

const namespace = 'shop';
const name = 'checkout';
const of = { namespace, name };

/** The namespace's own rule: every container has a memory limit from this to what the seed draws. */
const floor = '48Mi';
/** The release keeps a megabyte a receipt; the baseline's limit has room for that. */
const image = 'shop.test/shop:1.6.0';
const healthyLimit = '192Mi';
const cacheMegabytes = 64;
const requests = 200;
/** More receipts than any ceiling has room for: a cache that is too large only puts the kill off. */
const perPod = 250;

const survives = checks.survivesLoad(of, {
  from: { namespace, app: 'gateway' },
  url: `http://${name}/quote`,
  count: requests,
  perPod,
  everyMs: 60,
});

const limits = (memory: string, request = '64Mi') => ({
  resources: { limits: { memory }, requests: { memory: request } },
});
const patch = (lab: LabView, fields: Readonly<Record<string, unknown>>) =>
  faults.patchContainer(lab, of, fields);
const environment = (value: string) => ({ env: [{ name: 'CACHE_MEGABYTES', value }] });

/** `kubectl patch pod --subresource resize`, for every pod there is. */
async function resizePods(
  lab: LabView,
  container: string,
  limits: Readonly<Record<string, string>>,
): Promise<void> {
  const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${container}` });
  for (const { metadata } of pods) {
    await lab.kube.patch(
      resources.pods,
      namespace,
      metadata.name,
      { spec: { containers: [{ name: container, resources: { limits } }] } },
      { type: 'strategic', subresource: 'resize' },
    );
  }
}

/** Another Deployment of the same program, with enough memory. */
async function secondCheckout(
  lab: LabView,
  labels: Readonly<Record<string, string>>,
  replicas: number,
): Promise<void> {
  const real = await lab.kube.get(resources.deployments, namespace, name);
  if (real === undefined) return;
  const { spec } = real.spec.template;
  const containers = spec.containers.map((container) => ({ ...container, ...limits(healthyLimit) }));
  await lab.kube.create(resources.deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'second', namespace },
    spec: {
      ...real.spec,
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...spec, containers } },
    },
  });
}

export default defineScenario({
  id: 'oom-limit',
  incident: 'INC-2163',
  title: 'Checkout keeps disappearing under load',
  area: 'memory',
  difficulty: 'intermediate',
  minutes: 20,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How do you detect and fix OOMKilled issues?' },
    { url: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/' },
  ],
  needs: [],
  variants: { limit: oneOf('56Mi', '60Mi', '64Mi'), ceiling: oneOf('208Mi', '224Mi', '240Mi') },

  ticket: () =>
    `Since last night payments of customers break off in the middle: checkout answers for a while, and then it is gone again. It is
worst when many people shop. Make checkout survive its load: ${requests} quotes within a few seconds are a normal rush, and a pod must survive several of them.`,
  rules: ({ ceiling }) => [
    `The LimitRange of namespace shop stays as it is: every container, also an init container or a sidecar, has a memory limit from ${floor} to ${ceiling}.`,
    'The load stays: customers are not sent away, and the gateway and the settings that it takes are not changed. (CACHE_MEGABYTES and CACHE_RECEIPTS among them are for checkout.)',
    'checkout runs its own program, release 1.6.0, and all requests to it reach its own pods.',
    'Pods have what their template says: the repair must survive the next rollout.',
    'Settings of the shop are in configmap/shop-settings. CACHE_MEGABYTES limits how much memory checkout uses for the receipts that it keeps.',
  ],
  houseRules: () => lastingRules(name),

  baseline: ({ ceiling }) =>
    shop({
      images: { checkout: image },
      loaded: [image],
      memoryLimit: { checkout: healthyLimit },
      env: { checkout: { CACHE_MEGABYTES: String(cacheMegabytes) }, gateway: { ORDERS_PER_MINUTE: '90' } },
      extra: [
        {
          apiVersion: 'v1',
          kind: 'LimitRange',
          metadata: { name: 'memory-per-container', namespace },
          spec: { limits: [{ type: 'Container', min: { memory: floor }, max: { memory: ceiling } }] },
        },
      ],
    }),
  inject: ({ limit }) => [faults.memoryLimit(of, limit, '48Mi')],
  since: minutes(8),
  symptoms: () => [checks.terminatedFor({ namespace, app: name }, 'OOMKilled', 3)],

  objectives: () => [
    objective('survives', 60, `checkout survives a rush of ${perPod} quotes per pod`, survives),
    objective(
      'stable',
      20,
      'No container of checkout is killed or replaced',
      hold(seconds(30), checks.staysUp(of), seconds(90)),
    ),
    objective(
      'rollout',
      20,
      'checkout is rolled out',
      hold(seconds(30), checks.rolloutComplete(of), seconds(90)),
    ),
  ],
  safeguards: ({ ceiling }) => [
    ...lasts(of),
    safeguard(
      'limits',
      'veto',
      'Memory limits are kept',
      converge(seconds(90), checks.memoryLimitWithin(of, { floor, ceiling })),
    ),
    safeguard('requests', 'veto', 'Requests fit on the nodes', checks.requestsFit()),
    safeguard(
      'limit-range',
      'veto',
      'The LimitRange of the namespace is kept',
      checks.unchanged({
        resource: resources.limitRanges,
        namespace,
        name: 'memory-per-container',
        what: 'limits',
        part: ({ spec }) => spec,
      }),
    ),
    safeguard(
      'own-pods',
      'veto',
      'Service checkout leads to its own pods',
      hold(seconds(10), checks.endpointsServe(of), seconds(90)),
    ),
    safeguard('same-program', 'veto', 'checkout runs its own program', checks.programKept(namespace, name)),
    safeguard(
      'load',
      'veto',
      'The load stays',
      checks.untouched({ namespace, name: 'gateway' }, { free: ['CACHE_MEGABYTES', 'CACHE_RECEIPTS'] }),
    ),
  ],

  diagnosis: ({ limit }) => [
    ask.object(10, 'deployment/checkout', ['deploy/checkout', 'deployments/checkout']),
    ask.field(10, 'spec.template.spec.containers.resources.limits.memory', [
      'resources.limits.memory',
      'spec.template.spec.containers.resources.limits',
      'resources.limits',
    ]),
    ask.evidence(10, `Last state OOMKilled, exit code 137, with a limit of ${limit}`, [
      'Last state Error, exit code 1: the process gave up',
      'Liveness probe failed: the container was restarted',
      'The pod was evicted: the node was out of memory',
    ]),
  ],
  hints: ({ ceiling }) => [
    hint(
      5,
      'kubectl -n shop describe pods -l app=checkout: look at Last State, its reason and its exit code.',
    ),
    hint(
      10,
      'Memory grows with load here: checkout keeps receipts in memory, up to CACHE_MEGABYTES, on top of what the process itself needs.',
    ),
    templateHint(20, { namespace, name }, ({ container }) => {
      const limit = container.resources.limits?.['memory'] ?? 'none';
      const cache = container.env?.find((variable) => variable.name === 'CACHE_MEGABYTES')?.value ?? '16';
      return `Right now the limit is ${limit} and the cache may take ${cache} MB; the process itself needs 20 to 60 MB. The LimitRange allows up to ${ceiling}.`;
    }),
  ],

  fixes: ({ ceiling }) => [
    fix(
      'raise-limit',
      [`kubectl -n shop set resources deployment checkout --limits=memory=${healthyLimit}`],
      async (lab) => {
        await patch(lab, limits(healthyLimit));
      },
    ),
    fix(
      'to-the-ceiling',
      [`kubectl -n shop set resources deployment checkout --limits=memory=${ceiling}`],
      async (lab) => {
        await patch(lab, limits(ceiling));
      },
    ),
    fix(
      'smaller-cache',
      ['kubectl -n shop set env deployment/checkout CACHE_MEGABYTES=4', 'and set the limit to 96Mi'],
      async (lab) => {
        await patch(lab, { ...environment('4'), ...limits('96Mi') });
      },
    ),
    fix(
      'cache-only',
      ['kubectl -n shop set env deployment/checkout CACHE_MEGABYTES=4', 'and leave the limit as it is'],
      async (lab) => {
        await patch(lab, environment('4'));
      },
    ),
    fix(
      'as-much-as-it-asks-for',
      [
        `kubectl -n shop set resources deployment checkout --limits=memory=${healthyLimit} --requests=memory=${healthyLimit}`,
      ],
      async (lab) => {
        await patch(lab, limits(healthyLimit, healthyLimit));
      },
    ),
    fix(
      'resize-and-template',
      ['kubectl -n shop patch pod … --subresource resize', 'and set the same limit in the Deployment'],
      async (lab) => {
        await resizePods(lab, name, { memory: healthyLimit });
        await patch(lab, limits(healthyLimit));
      },
    ),
  ],
  hacks: ({ ceiling }) => [
    hack('larger-cache', 'survives', async (lab) => {
      await patch(lab, { ...environment('400'), ...limits(ceiling) });
    }),
    hack('next-start', 'starts-again', async (lab) => {
      await patch(lab, limits(healthyLimit));
      await lab.clock.wait(seconds(60), lab.signal);
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: 'soon' });
    }),
    hack('settings-of-others', 'shop-starts-again', async (lab) => {
      // Its own environment counts for checkout; all others would read a size that is no number.
      await faults.settings(lab, namespace, { CACHE_MEGABYTES: '32Mi' });
      await patch(lab, limits(healthyLimit));
    }),
    hack('wrong-liveness', 'starts-again', async (lab) => {
      await patch(lab, { ...limits(healthyLimit), ...faults.asksNobody });
    }),
    hack('no-limit', 'limits', async (lab) => {
      await patch(lab, { resources: { limits: null, requests: { memory: '64Mi' } } });
    }),
    hack('over-the-ceiling', 'limits', async (lab) => {
      await patch(lab, limits('512Mi'));
    }),
    // What was paid is no longer written down.
    hack('empty-ledger-beside-the-repair', 'same-objects', async (lab) => {
      await patch(lab, limits(healthyLimit));
      await faults.recreateWithEmptyDisks(lab, { namespace, name: 'ledger' });
    }),
    hack('restart-only', 'survives', async (lab) => {
      await faults.restart(lab, of);
    }),
    hack('load-removed', 'survives', async (lab) => {
      await faults.patchContainer(
        lab,
        { namespace, name: 'gateway' },
        { env: [{ name: 'ORDERS_PER_MINUTE', value: '0' }] },
      );
    }),
    hack('load-removed-too', 'load', async (lab) => {
      await patch(lab, limits(healthyLimit));
      await faults.patchContainer(
        lab,
        { namespace, name: 'gateway' },
        { env: [{ name: 'ORDERS_PER_MINUTE', value: '0' }] },
      );
    }),
    hack('gateway-slowed', 'load', async (lab) => {
      await patch(lab, limits(healthyLimit));
      const slow = { resources: { limits: { cpu: '25m' } } };
      await faults.patchContainer(lab, { namespace, name: 'gateway' }, slow);
    }),
    hack('gateway-slowed-for-now', 'load', async (lab) => {
      await patch(lab, limits(healthyLimit));
      await resizePods(lab, 'gateway', { cpu: '25m' });
    }),
    hack('gateway-patient', 'load', async (lab) => {
      await patch(lab, limits(healthyLimit));
      await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
      await faults.restart(lab, { namespace, name: 'gateway' });
    }),
    hack('stub-server', 'same-program', async (lab) => {
      const script = `mkdir -p /tmp/www && cd /tmp/www && echo '{}' | tee quote readyz healthz && httpd -f -p 8080 -h /tmp/www`;
      await patch(lab, { command: ['sh', '-c', script] });
    }),
    hack('smaller-release', 'same-program', async (lab) => {
      await patch(lab, { image: 'shop.test/shop:1.4.2' });
    }),
    hack('decoy', 'own-pods', async (lab) => {
      await secondCheckout(lab, { app: 'decoy' }, 2);
      await faults.select(lab, { namespace, name }, { app: 'decoy' });
      await faults.restart(lab, of);
    }),
    hack('helpers', 'own-pods', async (lab) => {
      await secondCheckout(lab, { app: name, copy: 'yes' }, 6);
      await faults.restart(lab, of);
    }),
    hack('another-container', 'own-pods', async (lab) => {
      // A process beside it, with all the memory that it wants, serves the callers.
      const sidecar = {
        name: 'helper',
        image: 'shop.test/shop:1.4.2',
        env: [
          { name: 'ROLE', value: name },
          { name: 'PORT', value: '8081' },
        ],
        ...limits(healthyLimit),
      };
      await faults.patchPods(lab, { namespace, name }, { containers: [sidecar] });
      const ports = [{ name: 'http', port: 80, targetPort: 8081 }];
      await lab.kube.patch(resources.services, namespace, name, { spec: { ports } }, { type: 'strategic' });
    }),
    hack('pod-only', 'limits', async (lab) => {
      await resizePods(lab, name, { memory: healthyLimit });
    }),
    hack('limit-range-gone', 'limit-range', async (lab) => {
      await lab.kube.delete(resources.limitRanges, namespace, 'memory-per-container');
      await patch(lab, limits('512Mi'));
    }),
    hack('many-replicas', 'survives', async (lab) => {
      await faults.scale(lab, { namespace, name }, 8);
    }),
    hack('scale-down', 'rollout', async (lab) => {
      await faults.scale(lab, { namespace, name }, 1);
    }),
  ],

  debrief: ({ limit }) =>
    `The memory limit of deployment/checkout was ${limit}: enough to start and become Ready, but too little when the cache of receipts
was full. The kernel kills the process when its cgroup exceeds the limit: exit code 137, reason OOMKilled. That reason is in the
last state of the container (kubectl describe pod, kubectl get pod -o yaml).

The interview notes speak of an OOMKilled event: a pod has none.

A restart helps only until the cache is full again. The repair is a limit above the working set under load, within the range that the
namespace allows, or a smaller cache.`,
});
