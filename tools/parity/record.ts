import type { Baseline } from '../../src/checks/baseline.ts';
import { observe } from '../../src/checks/check.ts';
import { namespacesOf, viewOf } from '../../src/engine/break.ts';
import { gradeInPlace } from '../../src/engine/grade.ts';
import type { Incident } from '../../src/engine/incident.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Condition, ContainerState, ContainerStatus, Event, Pod } from '../../src/model/objects.ts';
import { resources } from '../../src/model/resources.ts';
import type { Cluster } from '../../src/providers/provider.ts';

/** Something that one can see of a broken cluster: `about` says of what, `says` what is there. Plain JSON. */
export interface Fact {
  readonly kind: 'pod' | 'workload' | 'endpoints' | 'event' | 'probe' | 'symptom' | 'check';
  readonly about: string;
  readonly says: Readonly<Record<string, unknown>>;
}

/** A broken cluster at hand-over. */
export interface Recording {
  readonly scenario: string;
  readonly seed: number;
  readonly provider: string;
  /** How long the fault had been there, in milliseconds. */
  readonly since: number;
  readonly facts: readonly Fact[];
}

/** How long checks wait for what will not come, in milliseconds: nothing is repaired here. */
const PATIENCE = 5000;

/** @param brokenAt when the fault was injected; in kube-system only what came after is recorded */
export async function recordFacts(
  cluster: Cluster,
  incident: Incident,
  baseline: Baseline,
  brokenAt: Date,
): Promise<readonly Fact[]> {
  const namespaces = namespacesOf(incident.plan);
  const facts: Fact[] = [];
  for (const namespace of namespaces)
    facts.push(...(await namespaceFacts(cluster.kube, namespace, brokenAt)));
  facts.push(...(await probeFacts(cluster.kube, incident)));
  facts.push(...(await checkFacts(cluster, incident, baseline)));
  return facts;
}

/** Of kube-system only CoreDNS is the shop's business. */
const concerns = (namespace: string, name: string): boolean =>
  namespace !== 'kube-system' || /^(coredns|kube-dns)/.test(name);

async function namespaceFacts(kube: KubeClient, namespace: string, brokenAt: Date): Promise<Fact[]> {
  const own = <T extends { metadata: { name: string } }>(objects: readonly T[]): T[] =>
    objects.filter(({ metadata }) => concerns(namespace, metadata.name));
  const at = { namespace };
  const facts: Fact[] = [];
  for (const pod of own(await kube.list(resources.pods, at))) facts.push(podFact(pod));
  const workloads = [
    ...(await kube.list(resources.deployments, at)),
    ...(await kube.list(resources.replicaSets, at)),
    ...(await kube.list(resources.statefulSets, at)),
  ];
  for (const { metadata, spec, status } of own(workloads)) {
    const { conditions, ...counts } = status as Record<string, unknown> & { conditions?: Condition[] };
    const says = { replicas: spec.replicas, ...counts, conditions: conditionsOf(conditions) };
    facts.push({ kind: 'workload', about: `${namespace}/${metadata.name}`, says });
  }
  for (const slice of own(await kube.list(resources.endpointSlices, at))) {
    const endpoints = (slice.endpoints ?? []).map(({ conditions, targetRef }) => ({
      ...conditions,
      target: targetRef === undefined ? 'an address' : `${targetRef.kind ?? ''} ${targetRef.name ?? ''}`,
    }));
    const ports = (slice.ports ?? []).map(({ name, port, protocol }) => `${name} ${port}/${protocol}`);
    const service = slice.metadata.labels?.['kubernetes.io/service-name'] ?? slice.metadata.name;
    facts.push({ kind: 'endpoints', about: `${namespace}/${service}`, says: { endpoints, ports } });
  }
  const pods = new Map((await kube.list(resources.pods, at)).map((pod) => [pod.metadata.name, pod]));
  // Times of events are whole seconds.
  const fault = Math.floor(brokenAt.getTime() / 1000) * 1000;
  for (const event of await kube.list(resources.events, at)) {
    const { name = '' } = event.involvedObject;
    if (!concerns(namespace, name)) continue;
    const last = Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp);
    if (namespace === 'kube-system' && last < fault) continue;
    const fact = eventFact(event);
    const passing = event.reason === 'Unhealthy' && ofPassage(event, last, pods.get(name));
    facts.push(passing ? { ...fact, says: { ...fact.says, passing } } : fact);
  }
  return facts;
}

/** Whether a probe failed only because the program was just starting, or ending. */
function ofPassage({ message }: Event, last: number, pod: Pod | undefined): boolean {
  if (pod === undefined) return true;
  const { conditions = [], containerStatuses = [] } = pod.status;
  if (message.startsWith('Readiness') && containerStatuses.some(({ restartCount }) => restartCount > 0))
    return true;
  const ready = conditions.find(({ type, status }) => type === 'Ready' && status === 'True');
  return ready !== undefined && last <= Date.parse(ready.lastTransitionTime ?? '');
}

function podFact({ metadata, status }: Pod): Fact {
  const { phase, reason, qosClass, containerStatuses = [], initContainerStatuses = [] } = status;
  const containers = [...initContainerStatuses, ...containerStatuses].map(containerSays);
  const deleted = metadata.deletionTimestamp !== undefined;
  const says = { phase, reason, qosClass, deleted, conditions: conditionsOf(status.conditions), containers };
  return { kind: 'pod', about: `${metadata.namespace ?? ''}/${metadata.name}`, says };
}

function containerSays(status: ContainerStatus): Record<string, unknown> {
  const { name, image, imageID, ready, started, restartCount, state, lastState, resources: limits } = status;
  return {
    name,
    image,
    imageID,
    ready,
    started,
    restartCount,
    state: stateSays(state),
    lastState: stateSays(lastState),
    resources: limits,
  };
}

function stateSays({ waiting, running, terminated }: ContainerState): unknown {
  if (running !== undefined) return 'running';
  if (waiting !== undefined) return { waiting };
  if (terminated === undefined) return 'none';
  const { reason, exitCode, signal, message } = terminated;
  return { terminated: { reason, exitCode, signal, message } };
}

function conditionsOf(conditions: readonly Condition[] = []): string[] {
  return conditions
    .map(({ type, status, reason, message }) => [type, status, reason, message].filter(Boolean).join(' '))
    .sort();
}

function eventFact({ type, reason, message, involvedObject, source, ...event }: Event): Fact {
  const { kind, namespace, name, fieldPath } = involvedObject;
  const count = event.series?.count ?? event.count ?? 1;
  const component = source.component ?? event.reportingComponent;
  return {
    kind: 'event',
    about: `${kind ?? ''} ${namespace ?? ''}/${name ?? ''}`,
    says: { type, reason, message, fieldPath, component, count },
  };
}

/** What a client of the shop gets from everybody, and what names resolve to. */
async function probeFacts(kube: KubeClient, { plan }: Incident): Promise<Fact[]> {
  const [gateway] = (
    await kube.list(resources.pods, { namespace: plan.namespace, labelSelector: 'app=gateway' })
  ).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const services = (await kube.list(resources.services, { namespace: plan.namespace })).map(
    ({ metadata }) => metadata.name,
  );
  const questions = [
    ['http', 'http://127.0.0.1:8080/pay'],
    ...services.flatMap((name) => [
      ['dns', name],
      ['dns', `${name}.${plan.namespace}.svc.cluster.local.`],
      ['http', `http://${name}/version`],
    ]),
    ['dns', 'kube-dns.kube-system'],
    ['dns', 'nobody'],
    ['dns', 'nobody.nowhere.test'],
    ['tcp', '127.0.0.1:9'],
  ];
  const facts: Fact[] = [];
  for (const question of questions) {
    const { code, stdout } = await kube.exec(plan.namespace, gateway?.metadata.name ?? '', {
      container: 'gateway',
      command: ['node', '/app/shop.mjs', 'probe', ...question],
      timeoutMs: 60_000,
    });
    const { outcomes, last } = JSON.parse(stdout) as { outcomes?: object; last?: string };
    facts.push({
      kind: 'probe',
      about: question.join(' '),
      says: { code, outcomes: Object.keys(outcomes ?? {}), last },
    });
  }
  return facts;
}

async function checkFacts(cluster: Cluster, incident: Incident, baseline: Baseline): Promise<Fact[]> {
  const { signal } = new AbortController();
  const { scenario, values } = incident;
  const view = viewOf(cluster, baseline, incident, signal);
  const facts: Fact[] = [];
  for (const symptom of scenario.symptoms(values)) {
    const { status, seen } = await observe(view, () => symptom.look(view));
    facts.push({ kind: 'symptom', about: symptom.expected, says: { status, seen } });
  }
  await using copy = await cluster.can.fork?.();
  const options = { hintPrice: 0, signal, patience: PATIENCE };
  const graded = await gradeInPlace(copy ?? cluster, baseline, incident, options, copy !== undefined);
  for (const { id, status, seen } of [...graded.objectives, ...graded.safeguards]) {
    facts.push({ kind: 'check', about: id, says: { status, seen } });
  }
  facts.push({ kind: 'check', about: 'verdict', says: { verdict: graded.verdict, points: graded.points } });
  return facts;
}
