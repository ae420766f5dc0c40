/** A scenario that is sound as it stands: a probe that asks for a page that is not there. */
export function scenarioTemplate(id: string): string {
  return `import {
  ask,
  checks,
  defineScenario,
  type Fault,
  faults,
  fix,
  hack,
  hint,
  hold,
  minutes,
  not,
  objective,
  oneOf,
  resources,
  safeguard,
  seconds,
  shop,
} from 'breakfix';

const namespace = 'shop';

/** What a client sees: the page names who answers. */
const versionOf = (service: string) =>
  checks.http({
    from: { namespace, app: 'gateway' },
    url: \`http://\${service}/version\`,
    contains: \`"role":"\${service}"\`,
  });

/** What the cluster is given: the probe's page. */
const probe = (service: string, path: string): Fault => ({
  name: 'readiness-probe-path',
  describe: \`The readiness probe of deployment/\${service} was pointed at \${path}, which does not exist.\`,
  inject: (lab) =>
    faults.patchContainer(lab, { namespace, name: service }, { readinessProbe: { httpGet: { path } } }),
});

export default defineScenario({
  id: '${id}',
  incident: 'INC-9001',
  // A symptom, never the cause.
  title: 'A service is not reachable',
  area: 'probes',
  difficulty: 'beginner',
  minutes: 10,
  // Where this failure is described.
  documents: [
    {
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
    },
  ],
  needs: [],
  // Drawn from the seed: every learner gets another lab.
  variants: { service: oneOf('checkout', 'refunds'), path: oneOf('/missing', '/status-page') },

  ticket: ({ service }) => \`Every call to \${service} fails. Make \${service} answer its callers again.\`,
  rules: ({ service }) => [\`The Service \${service} stays the same object.\`],

  baseline: ({ service }) => shop({ strategy: { [service]: 'Recreate' } }),
  inject: ({ service, path }) => [probe(service, path)],
  since: minutes(10),
  symptoms: ({ service }) => [
    checks.runningNotReady({ namespace, app: service }),
    not(\`gateway is refused by \${service}\`, versionOf(service)),
  ],

  // Together 100 points; each must fail while nothing is repaired.
  objectives: ({ service }) => [
    objective('traffic', 60, \`Callers of \${service} are answered\`, hold(seconds(30), versionOf(service))),
    objective(
      'rollout',
      40,
      \`\${service} is rolled out\`,
      hold(seconds(10), checks.rolloutComplete({ namespace, name: service })),
    ),
  ],
  safeguards: ({ service }) => [
    safeguard(
      'same-service',
      'veto',
      \`Service \${service} is still the same\`,
      checks.sameObject(resources.services, namespace, service),
    ),
  ],

  diagnosis: ({ service }) => [
    ask.object(10, \`deployment/\${service}\`, [\`deploy/\${service}\`]),
    ask.field(10, 'spec.template.spec.containers.readinessProbe.httpGet.path', ['readinessProbe']),
    ask.evidence(10, 'Event Unhealthy: the readiness probe gets status 404', [
      'Event BackOff: the container is restarted again and again',
      'Event FailedScheduling: no node has room',
    ]),
  ],
  // At least three, each dearer than the one before.
  hints: ({ service }) => [
    hint(5, \`Compare RUNNING and READY of the pods of \${service}.\`),
    hint(10, 'kubectl describe pod shows the events of a pod.'),
    hint(20, async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, namespace, service);
      const asked = deployment?.spec.template.spec.containers[0]?.readinessProbe?.httpGet?.path;
      return \`Right now the readiness probe asks for \${asked ?? 'nothing'}.\`;
    }),
  ],

  // Every right repair that you know, and wrong ones that look right with the part that catches them.
  fixes: ({ service }) => [
    fix('right-page', [\`kubectl -n shop edit deployment \${service}   # readinessProbe.httpGet.path: /readyz\`], async (lab) => {
      await probe(service, '/readyz').inject(lab);
    }),
  ],
  hacks: ({ service }) => [
    hack('publish-not-ready', 'rollout', async (lab) => {
      const body = { spec: { publishNotReadyAddresses: true } };
      await lab.kube.patch(resources.services, namespace, service, body, { type: 'merge' });
    }),
  ],

  debrief: ({ service, path }) =>
    \`The readiness probe of deployment/\${service} asked for \${path}, which the app does not have. A pod whose readiness
probe fails keeps running but is taken out of its Service.\`,
});
`;
}

/** The test of a scenario beside it, for Node's own runner: no class should meet it before its listed repairs hold. */
export function scenarioTestTemplate(id: string): string {
  return `// npx breakfix verify as a test: node --test ${id}/scenario.test.ts
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const scenario = fileURLToPath(new URL('scenario.ts', import.meta.url));

// Three seeds: each draws another form of the fault.
test('every listed repair of ${id} is judged as it should be', () => {
  const args = ['breakfix', 'verify', scenario, '--seeds', '3'];
  const { status, stdout, stderr } = spawnSync('npx', args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
`;
}
