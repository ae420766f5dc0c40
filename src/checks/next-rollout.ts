import { KubeError } from '../kube/client.ts';
import type { Deployment, NewObject, Pod, PodSpec, PodTemplate, ReplicaSet } from '../model/objects.ts';
import { containersOf } from '../model/pod-containers.ts';
import { resources } from '../model/resources.ts';
import { DESIRED_REPLICAS } from '../model/rollout.ts';
import { fail, type LabView, type Observation } from './check.ts';
import { ownedBy, type WorkloadRef } from './workloads.ts';

/**
 * What the cluster says to the next rollout and to the next pods: quotas, limits and policies, the learner's own among
 * them, refuse objects or write other things into them. All that is asked by dry run, so that nothing is kept.
 */

/** What makes pods of a template, and under which label it keeps them. */
export type Maker = 'ReplicaSet' | 'StatefulSet';
const HASH_LABEL = { ReplicaSet: 'pod-template-hash', StatefulSet: 'controller-revision-hash' };

/** @returns what is wrong where the cluster would not take the next rollout of a Deployment, or makes something else of it */
export async function whyNoRollout(
  lab: LabView,
  of: WorkloadRef,
  template: PodTemplate,
): Promise<Observation | undefined> {
  return (
    (await whyHeldBack(lab, of)) ??
    (await whyNoChange(lab, of, template)) ??
    (await whyNoReplicaSet(lab, of, template)) ??
    (await whyNoPod(lab, of, template, 'ReplicaSet'))
  );
}

/**
 * A controller that reads another number than the Deployment's there believes that it has been scaled, does that first,
 * and finds that nothing is to be done: nothing is ever rolled out. Races leave that behind, and so can anybody.
 * https://github.com/kubernetes/kubernetes/pull/138036
 */
async function whyHeldBack(lab: LabView, { namespace, name }: WorkloadRef): Promise<Observation | undefined> {
  const deployment = await lab.kube.get(resources.deployments, namespace, name);
  if (deployment === undefined) return undefined;
  const { replicas } = deployment.spec;
  const sets = await lab.kube.list(resources.replicaSets, { namespace });
  const stale = sets.find(
    (set) =>
      ownedBy(set, deployment) &&
      set.spec.replicas > 0 &&
      set.spec.replicas === replicas &&
      (set.metadata.annotations?.[DESIRED_REPLICAS] ?? `${replicas}`) !== `${replicas}`,
  )?.metadata;
  return (
    stale &&
    fail(
      `the next rollout of ${name} never begins: in replicaset/${stale.name} the annotation ${DESIRED_REPLICAS} is ${stale.annotations?.[DESIRED_REPLICAS]}, and not ${replicas}`,
    )
  );
}

/** A rollout begins with a change of the template, as `kubectl rollout restart` makes one. */
function whyNoChange(
  lab: LabView,
  { namespace, name }: WorkloadRef,
  { spec }: PodTemplate,
): Promise<Observation | undefined> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': lab.clock.now().toISOString() };
  const body = { spec: { template: { metadata: { annotations } } } };
  return whyRefused(`the next rollout of ${name}`, spec, async () => {
    const options = { type: 'strategic', dryRun: true } as const;
    const changed = await lab.kube.patch<Deployment>(resources.deployments, namespace, name, body, options);
    return changed.spec.template.spec;
  });
}

/** It goes on with a ReplicaSet. */
function whyNoReplicaSet(
  lab: LabView,
  { namespace, name: workload }: WorkloadRef,
  template: PodTemplate,
): Promise<Observation | undefined> {
  const hash = lab.random.suffix(10);
  const labels = { ...template.metadata?.labels, [HASH_LABEL.ReplicaSet]: hash };
  const set = {
    apiVersion: 'apps/v1' as const,
    kind: 'ReplicaSet' as const,
    metadata: { namespace, name: `${workload}-${hash}`, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  return whyRefused(`the next ReplicaSet of ${workload}`, template.spec, async () => {
    const made = await lab.kube.create<ReplicaSet>(resources.replicaSets, set, { dryRun: true });
    return made.spec.template.spec;
  });
}

/** What the API server says to the next pod of a workload, as its controller would ask for it. */
export function whyNoPod(
  lab: LabView,
  { namespace, name: workload }: WorkloadRef,
  { metadata, spec }: PodTemplate,
  maker: Maker,
): Promise<Observation | undefined> {
  const hash = lab.random.suffix(10);
  const name = `${workload}-${hash}`;
  const owner = { apiVersion: 'apps/v1', kind: maker, name, uid: lab.random.suffix(36), controller: true };
  const pod: NewObject<Pod> = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata,
      namespace,
      name: `${name}-${lab.random.suffix(5)}`,
      labels: { ...metadata?.labels, [HASH_LABEL[maker]]: hash },
      ownerReferences: [owner],
    },
    spec,
  };
  return whyRefused(`the next pod of ${workload}`, spec, async () => {
    const made = await lab.kube.create<Pod>(resources.pods, pod, { dryRun: true });
    return made.spec;
  });
}

/** @param ask for the pods that the server would make of the template's */
async function whyRefused(
  what: string,
  asked: PodSpec,
  ask: () => Promise<PodSpec>,
): Promise<Observation | undefined> {
  try {
    return whyOther(what, asked, await ask());
  } catch (error) {
    return refusal(what, error);
  }
}

/** The pods of today run what the template says; a policy that came after them would have the next ones run something else. */
function whyOther(what: string, asked: PodSpec, made: PodSpec): Observation | undefined {
  const now = new Map(containersOf(made).map((container) => [container.name, container]));
  for (const { name, image, imagePullPolicy } of containersOf(asked)) {
    const given = now.get(name);
    if (given?.image !== image)
      return fail(`${what} gets another image than the template has: ${given?.image ?? 'none'}`);
    if (given.imagePullPolicy === 'Never' && imagePullPolicy !== 'Never')
      return fail(
        `${what} cannot pull its image: it gets imagePullPolicy Never, which its template does not have`,
      );
  }
  return undefined;
}

/** The API server's own words. @throws what it is not to blame for */
export function refusal(what: string, error: unknown): Observation {
  if (error instanceof KubeError && error.isRefusal) return fail(`${what} is refused: ${error.message}`);
  throw error;
}
