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
  inTurn,
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
} from 'breakfix';

const namespace = 'shop';
const name = 'checkout';
const of = { namespace, name };
const gateway = { namespace, app: 'gateway' };

/** The release of before: it keeps a megabyte a receipt, up to CACHE_MEGABYTES, and works reports off in batches. */
const goodImage = 'shop.test/shop:1.6.0';
const cacheMegabytes = 32;

/** What the new release does wrong, and the operator knob that bounds it all the same. */
const causes = {
  receipts: {
    image: 'shop.test/shop:1.7.0',
    describe: 'it keeps every receipt that it ever made, whatever CACHE_MEGABYTES says.',
    knob: 'CACHE_RECEIPTS',
    bounds: ['32', '64'],
    tooMuch: '5000',
    evidence: 'cache_bytes in /metrics grows with every order, far beyond CACHE_MEGABYTES',
    story: `keeps every receipt, a megabyte each: CACHE_MEGABYTES=${cacheMegabytes} is set, but the release ignores it. Memory grows with the
orders that a process has served (cache_bytes in /metrics shows it), and a higher limit only delays the next kill.`,
  },
  report: {
    image: 'shop.test/shop:1.7.1',
    describe: 'it has all rows of a report in memory at once.',
    knob: 'REPORT_BATCH_ROWS',
    bounds: ['200', '500'],
    tooMuch: '50000',
    evidence: 'The last line in the log of every killed container is the same: a report has begun',
    story: `has all rows of a report in memory at once, 32 kilobytes each. Memory is flat until accounting asks for its report; then one
request is enough to get the container killed: the last line of kubectl logs --previous is "report begun". A higher limit helps only until somebody asks for more rows.`,
  },
} as const;

/** Operator knobs of checkout; the gateway is given the same settings, and does not look at these. */
const knobs = ['CACHE_MEGABYTES', 'CACHE_RECEIPTS', 'REPORT_BATCH_ROWS'];

/** What one process may take, whatever it has served; the rules say it. */
const budget = '256Mi';
const quotes = 1000;
const largestReport = 16_000;
/** The biggest limit that the rules allow: the machine has room for it, the budget has not. */
const ceiling = '1Gi';

const load = (rows: number) => ({ path: `/report?rows=${rows}`, contains: `"rows":${rows}` });

/** Every process serves all of it, one after another. */
const withinBudget = checks.memoryStaysBelow(of, {
  from: gateway,
  limit: budget,
  loads: [
    { path: '/quote', count: quotes },
    { ...load(1000), count: 5 },
    { ...load(largestReport), count: 8, atOnce: 2 },
  ],
});

/** The same through the Service, as callers do it. */
const served = inTurn(`${name} answers 500 quotes and 6 reports, and none of its containers is killed`, [
  checks.survivesLoad(of, {
    from: gateway,
    url: `http://${name}/quote`,
    count: 500,
    perPod: 250,
    everyMs: 20,
  }),
  checks.survivesLoad(of, {
    from: gateway,
    url: `http://${name}${load(largestReport).path}`,
    contains: load(largestReport).contains,
    count: 6,
    perPod: 3,
    everyMs: 500,
    timeoutMs: 10_000,
  }),
]);

const patch = (lab: LabView, fields: Readonly<Record<string, unknown>>) =>
  faults.patchContainer(lab, of, fields);
const environment = (variables: Readonly<Record<string, string>>) => ({
  env: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })),
});
const limit = (memory: string) => ({ resources: { limits: { memory } } });

/** Evicts the pods of checkout every minute: a fresh process has no past. */
const evictAll = `
token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)
pods=https://kubernetes.default.svc/api/v1/namespaces/${namespace}/pods
ask() { wget -q -O - --no-check-certificate --header "Authorization: Bearer $token" "$@"; }
for pod in $(ask "$pods?labelSelector=app%3D${name}" | tr , '\\n' | grep -o '"name":"${name}-[a-z0-9]*-[a-z0-9]*"' | cut -d '"' -f 4 | sort -u); do
  ask --header 'Content-Type: application/json' --post-data "{\\"apiVersion\\":\\"policy/v1\\",\\"kind\\":\\"Eviction\\",\\"metadata\\":{\\"name\\":\\"$pod\\"}}" "$pods/$pod/eviction"
done`;

async function restartEveryMinute(lab: LabView): Promise<void> {
  const metadata = { name: 'refresher', namespace };
  const pod = {
    serviceAccountName: metadata.name,
    restartPolicy: 'Never',
    containers: [{ name: 'evict', image: 'busybox:1.37', command: ['sh', '-c', evictAll] }],
  };
  const rbac = 'rbac.authorization.k8s.io';
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
        { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: pod } } } },
    },
  ];
  await lab.kube.applyAll(objects, { manager: 'kubectl', force: true });
  // So that none is killed before.
  await patch(lab, limit(ceiling));
}

export default defineScenario({
  id: 'oom-leak',
  incident: 'INC-2174',
  title: 'Payments break off every few minutes',
  area: 'memory',
  difficulty: 'advanced',
  minutes: 30,
  documents: [
    { seed: '000_2c4401dcd96ecfaa.txt', question: 'How do you detect and fix OOMKilled issues?' },
    { url: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/' },
    { url: 'https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/' },
  ],
  needs: [],
  variants: {
    cause: oneOf('receipts', 'report'),
    memory: oneOf('176Mi', '192Mi', '208Mi'),
    rows: oneOf(8000, 9000, 10_000),
  },

  ticket: ({ cause }) =>
    `Since checkout was updated to release ${causes[cause].image.split(':')[1] ?? ''}, payments of customers break off in the middle. It works again by itself,
and some minutes later it happens again. Accounting, which asks checkout for a sales report every minute, complains as well.
The night shift wanted to double the memory. You are asked for a repair that still holds next week.`,
  rules: ({ rows }) => [
    `Budget: one process of checkout takes at most ${budget} of memory, whatever it has served in its life. ${quotes} quotes are a quiet day. Accounting asks for reports of ${rows} rows now, and will soon ask for reports of ${largestReport} rows, two of them at the same time, because there are two gateways.`,
    `Every container of the pods of checkout, also an init container or a sidecar, keeps a memory limit of at most ${ceiling}. The limit is the same in the template and in the pods.`,
    'The load stays: every call is answered in full, and the gateway and the settings that it takes are not changed. (The settings of checkout, below, are no settings of the gateway.)',
    `checkout runs its own program: the release of the ticket or the one before (${goodImage}), in at least as many pods as before.`,
    'Service checkout stays the same object, and leads to the pods of checkout.',
    'Settings of checkout, in configmap/shop-settings: CACHE_MEGABYTES (receipts to keep in memory at most, in megabytes), CACHE_RECEIPTS (the same as a number of receipts; 0: no such limit), REPORT_BATCH_ROWS (rows of a report to process at once; 0: the release decides).',
  ],
  houseRules: () => lastingRules(name),

  baseline: ({ memory, rows, cause }) =>
    shop({
      images: { checkout: goodImage },
      loaded: [goodImage, causes[cause].image],
      memoryLimit: { checkout: memory },
      env: { gateway: { ORDERS_PER_MINUTE: '150', REPORT_ROWS: String(rows) } },
      settings: { CACHE_MEGABYTES: String(cacheMegabytes), CACHE_RECEIPTS: '0', REPORT_BATCH_ROWS: '0' },
    }),
  inject: ({ cause }) => [faults.release(of, causes[cause].image, causes[cause].describe)],
  since: minutes(10),
  symptoms: () => [checks.terminatedFor({ namespace, app: name }, 'OOMKilled', 3)],

  objectives: () => [
    objective('within-budget', 60, 'Memory of a process does not grow with what it serves', withinBudget),
    objective('served', 40, 'Callers are answered under load', served),
  ],
  safeguards: ({ cause }) => [
    safeguard(
      'rollout',
      'veto',
      'checkout is rolled out',
      hold(seconds(10), checks.rolloutComplete(of), seconds(90)),
    ),
    safeguard(
      'stays-up',
      'veto',
      'No container of checkout is killed or replaced',
      hold(seconds(30), checks.staysUp(of), seconds(90)),
    ),
    ...lasts(of),
    safeguard(
      'own-pods',
      'veto',
      'Service checkout leads to its own pods',
      hold(seconds(10), checks.endpointsServe(of), seconds(90)),
    ),
    safeguard(
      'limits',
      'veto',
      'Memory limits are kept',
      converge(seconds(90), checks.memoryLimitWithin(of, { floor: '1Mi', ceiling })),
    ),
    safeguard(
      'callers',
      'veto',
      'The load stays',
      checks.untouched({ namespace, name: 'gateway' }, { free: knobs }),
    ),
    safeguard(
      'same-program',
      'veto',
      'checkout runs its own program',
      checks.programKept(namespace, name, { releases: [goodImage, causes[cause].image] }),
    ),
  ],

  diagnosis: ({ cause }) => [
    ask.object(10, 'deployment/checkout', ['deploy/checkout', 'deployments/checkout']),
    ask.field(10, 'spec.template.spec.containers.image', ['image', 'containers.image']),
    ask.evidence(10, causes[cause].evidence, [
      ...Object.values(causes)
        .map(({ evidence }) => evidence)
        .filter((evidence) => evidence !== causes[cause].evidence),
      'Liveness probe failed: the container was restarted',
      'The node is short of memory: pods are evicted',
    ]),
  ],
  hints: () => [
    hint(
      5,
      'kubectl -n shop describe pods -l app=checkout says how the last containers ended. kubectl -n shop rollout history deployment checkout --revision=2, compared with --revision=1, shows what was changed.',
    ),
    hint(
      10,
      'When does memory climb: with every order, or all at once? Look at process_resident_memory_bytes, cache_bytes and http_requests_total in /metrics of one pod (kubectl port-forward), and at the last lines of kubectl logs --previous.',
    ),
    hint(20, async (lab) => {
      const pods = await lab.kube.list(resources.pods, { namespace, labelSelector: `app=${name}` });
      if (pods.length === 0)
        return `Right now there is no pod of ${name}, so there is no last line of a log to show.`;
      const lines: string[] = [];
      for (const { metadata, status } of pods) {
        const restarts = status.containerStatuses?.[0]?.restartCount ?? 0;
        const log = restarts === 0 ? '' : await lab.kube.logs(namespace, metadata.name, { previous: true });
        lines.push(`${metadata.name}, ${restarts} restarts: ${log.trimEnd().split('\n').at(-1) ?? ''}`);
      }
      return `The last line in the log of each killed container:\n${lines.join('\n')}`;
    }),
  ],

  fixes: ({ cause, memory }) => {
    const { knob, bounds } = causes[cause];
    const [low, high] = bounds;
    return [
      fix('bound-it', [`kubectl -n shop set env deployment/checkout ${knob}=${low}`], async (lab) => {
        await patch(lab, environment({ [knob]: low }));
      }),
      fix(
        'bound-in-settings',
        [
          `kubectl -n shop edit configmap shop-settings   # ${knob}: "${high}"`,
          'kubectl -n shop rollout restart deployment checkout',
        ],
        async (lab) => {
          await faults.settings(lab, namespace, { [knob]: high });
          await faults.restart(lab, of);
        },
      ),
      fix('rollback', ['kubectl -n shop rollout undo deployment checkout'], async (lab) => {
        const before = lab.baseline.get(resources.deployments, namespace, name);
        const operation = {
          op: 'replace' as const,
          path: '/spec/template/spec',
          value: before?.spec.template.spec,
        };
        await lab.kube.patch(resources.deployments, namespace, name, [operation], {
          type: 'json',
          fieldManager: 'kubectl-rollout',
        });
      }),
      fix(
        'release-of-before',
        [`kubectl -n shop set image deployment/checkout checkout=${goodImage}`],
        async (lab) => {
          await patch(lab, { image: goodImage });
        },
      ),
      fix('bound-and-more-room', [`${knob}=${high}, and a limit of 256Mi`], async (lab) => {
        await patch(lab, { ...environment({ [knob]: high }), ...limit('256Mi') });
      }),
      fix(
        'bound-and-more-pods',
        [`${knob}=${low}, a third pod, and the limit of before (${memory})`],
        async (lab) => {
          await patch(lab, environment({ [knob]: low }));
          await faults.scale(lab, of, 3);
        },
      ),
      fix('bound-both', ['CACHE_RECEIPTS=24 and REPORT_BATCH_ROWS=50: a limit for both'], async (lab) => {
        await patch(lab, environment({ CACHE_RECEIPTS: '24', REPORT_BATCH_ROWS: '50' }));
      }),
    ];
  },
  hacks: ({ cause }) => {
    const { knob, bounds, tooMuch } = causes[cause];
    const other = causes[cause === 'receipts' ? 'report' : 'receipts'];
    return [
      hack('raise-limit', 'within-budget', async (lab) => {
        await patch(lab, limit(ceiling));
      }),
      // Those that run are the release before; the next ones leak again.
      hack('older-release-for-now', 'rollout', (lab) => faults.imageForNow(lab, of, goodImage)),
      hack('older-release', 'same-program', async (lab) => {
        await patch(lab, { image: 'shop.test/shop:1.4.2' });
      }),
      hack('no-limit', 'limits', async (lab) => {
        await patch(lab, { resources: { limits: null, requests: { memory: '64Mi' } } });
      }),
      hack('sidecar-without-limit', 'limits', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0] }));
        const env = [
          { name: 'ROLE', value: 'fx' },
          { name: 'PORT', value: '8099' },
        ];
        const beside = { name: 'beside', image: goodImage, restartPolicy: 'Always', env };
        await faults.patchPods(lab, of, { initContainers: [beside] });
      }),
      hack('restart-only', 'within-budget', async (lab) => {
        await faults.restart(lab, of);
      }),
      // It holds until the next rollout.
      hack('bound-for-now', 'starts-again', (lab) => faults.settingsForNow(lab, of, { [knob]: bounds[0] })),
      hack('restart-every-minute', 'within-budget', restartEveryMinute),
      hack('liveness-on-memory', 'within-budget', async (lab) => {
        const files = '/sys/fs/cgroup/memory.current /sys/fs/cgroup/memory/memory.usage_in_bytes';
        const command = ['sh', '-c', `test "$(cat ${files} 2>/dev/null)" -lt 120000000`];
        const livenessProbe = { httpGet: null, exec: { command }, periodSeconds: 2, failureThreshold: 1 };
        await patch(lab, { livenessProbe });
      }),
      hack('calls-nobody', 'customers', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0], PAYMENTS_URL: 'http://payment' }));
      }),
      hack('wrong-liveness', 'starts-again', async (lab) => {
        await patch(lab, { ...environment({ [knob]: bounds[0] }), ...faults.asksNobody });
      }),
      hack('ten-pods', 'within-budget', async (lab) => {
        await faults.scale(lab, of, 10);
      }),
      hack('wrong-knob', 'within-budget', async (lab) => {
        await patch(lab, environment({ CACHE_MEGABYTES: '4', [other.knob]: other.bounds[0] }));
      }),
      hack('bound-without-effect', 'within-budget', async (lab) => {
        await patch(lab, { ...environment({ [knob]: tooMuch }), ...limit(ceiling) });
      }),
      ...(cause === 'report'
        ? [
            hack('room-for-one', 'within-budget', async (lab) => {
              // Enough for one report at a time; two gateways ask for theirs at the same time.
              await patch(lab, { ...environment({ [knob]: '5000' }), ...limit('512Mi') });
            }),
          ]
        : []),
      hack('smaller-heap', 'within-budget', async (lab) => {
        await patch(lab, environment({ NODE_OPTIONS: '--max-old-space-size=64' }));
      }),
      hack('load-removed', 'callers', async (lab) => {
        const variables = environment({ ORDERS_PER_MINUTE: '0', REPORT_ROWS: '0' });
        await faults.patchContainer(lab, { namespace, name: 'gateway' }, variables);
      }),
      hack('gateway-slowed', 'callers', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0] }));
        const slow = { resources: { limits: { cpu: '25m' } } };
        await faults.patchContainer(lab, { namespace, name: 'gateway' }, slow);
      }),
      hack('gateway-patient', 'callers', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0] }));
        await faults.settings(lab, namespace, { CALL_TIMEOUT_MS: '20000' });
        await faults.restart(lab, { namespace, name: 'gateway' });
      }),
      hack('gateway-patient-by-secret', 'callers', async (lab) => {
        // What is said in the secret counts before what the settings say.
        await patch(lab, environment({ [knob]: bounds[0] }));
        const data = { CALL_TIMEOUT_MS: Buffer.from('20000').toString('base64') };
        await lab.kube.patch(resources.secrets, namespace, 'ledger', { data }, { type: 'merge' });
        await faults.restart(lab, { namespace, name: 'gateway' });
      }),
      hack('callers-gone', 'callers', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0] }));
        const spec = { replicas: 1 };
        await lab.kube.patch(resources.deployments, namespace, 'gateway', { spec }, { type: 'merge' });
      }),
      hack('another-role', 'served', async (lab) => {
        // Its Service is answered, by a process that knows no quote.
        await patch(lab, environment({ ROLE: 'fx' }));
      }),
      hack('other-app', 'within-budget', async (lab) => {
        const selector = { app: 'fx' };
        await faults.select(lab, { namespace, name }, selector);
      }),
      hack('other-program', 'same-program', async (lab) => {
        const metrics = 'process_peak_memory_bytes 1\\n"rows":16000';
        const server = `require('http').createServer((_, r) => r.end('${metrics}')).listen(8080)`;
        await patch(lab, { command: ['node', '-e', server] });
      }),
      hack('scale-down', 'rollout', async (lab) => {
        await patch(lab, environment({ [knob]: bounds[0] }));
        await faults.scale(lab, of, 1);
      }),
      hack('scale-to-zero', 'within-budget', async (lab) => {
        await faults.scale(lab, of, 0);
      }),
    ];
  },

  debrief: ({ cause, memory }) =>
    `Release ${causes[cause].image} ${causes[cause].story}

The kernel kills a container that exceeds its memory limit (${memory}): last state OOMKilled, exit code 137, and then
CrashLoopBackOff. A higher limit, more pods or regular restarts change when a container is killed. They do not change why its memory grows. What stops the growth is a limit in the settings
(${causes[cause].knob}), or the release of before.

The interview notes are right that you should look at leaks, caches and the size of reports. They are wrong in three places. First, a pod has no
event that says OOMKilled: the reason is in the last state of the container, and the STATUS column of kubectl get pods shows it
only for a moment. Second, scaling out does not help a process that grows by itself. Third, a container is killed at its own limit, so more memory for the node
changes nothing.`,
});
