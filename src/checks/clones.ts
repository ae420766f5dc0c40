import { copy } from '../core/json.ts';
import { type ExecResult, KubeError } from '../kube/client.ts';
import type {
  Container,
  ContainerStatus,
  Labels,
  NetworkPolicy,
  NewObject,
  Pod,
  PodTemplate,
  Service,
} from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { fail, type LabView, lookUntil, type Observation, pass } from './check.ts';
import type { ProbeReport } from './client-pod.ts';
import { refusal } from './next-rollout.ts';
import { hashOf, whyNoContainer, type WorkloadRef } from './workloads.ts';

const CLONE_LABEL = 'breakfix.dev/clone';

/** A pod of a live template: nothing that is proven on it touches the real clients. */
export interface Clone {
  readonly namespace: string;
  readonly name: string;
}

export interface CloneOptions {
  /** Gives the clone a Service of its own that is like this one; without it there is none. */
  readonly service?: Service;
  /** Whether it keeps its liveness probes. */
  readonly liveness: boolean;
}

/** Makes a clone, proves something on it, and removes it again. */
export async function withClone(
  lab: LabView,
  of: WorkloadRef,
  template: PodTemplate,
  { service, liveness }: CloneOptions,
  prove: (clone: Clone) => Promise<Observation>,
): Promise<Observation> {
  const { namespace } = of;
  const nameless = whyNoContainer(of.name, template);
  if (nameless !== undefined) return nameless;
  // Named as its ReplicaSet names its pods, told the same hash, and without a Service of its name in the environment: a probe
  // that behaves only where it is looked at would not know.
  const hash = (await hashOf(lab, of)) ?? lab.random.suffix(10);
  const name = `${of.name}-${hash}-${lab.random.suffix(5)}`;
  const clone: Clone = { namespace, name };
  const told = { ...template.metadata?.labels, 'pod-template-hash': hash };
  const isOfItsNode = template.spec.hostNetwork === true;
  try {
    try {
      if (isOfItsNode) await lab.kube.create(resources.networkPolicies, allAllowed(clone));
      await lab.kube.create(resources.pods, clonePod(template, clone, { liveness, told }));
      if (service !== undefined) await lab.kube.create(resources.services, cloneService(service, clone));
    } catch (error) {
      return refusal('a new pod', error);
    }
    return await prove(clone);
  } finally {
    await lab.kube.delete(resources.pods, namespace, name, { grace: 0 });
    if (service !== undefined) await lab.kube.delete(resources.services, namespace, name);
    if (isOfItsNode) await lab.kube.delete(resources.networkPolicies, namespace, name);
  }
}

/** Closes the listener of the clone's program, which lives on. @returns what is wrong where that cannot be done */
export async function hangUp(lab: LabView, of: WorkloadRef, clone: Clone): Promise<Observation | undefined> {
  const asked = await askClone(lab, of, clone, ['hang-up']);
  if ('status' in asked) return asked;
  return asked.code === 0 ? undefined : fail('a new pod does not run the program of the shop');
}

/** Runs a command of the shop in a clone. @returns a failing observation where that cannot be done */
export async function askClone(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
  args: readonly string[],
): Promise<ExecResult | Observation> {
  try {
    return await lab.kube.exec(clone.namespace, clone.name, {
      container: of.name,
      command: ['node', '/app/shop.mjs', ...args],
      timeoutMs: 30_000,
    });
  } catch (error) {
    // There is no such container, or it has just ended: that is the template's doing.
    if (error instanceof KubeError && (error.isRefusal || error.message.includes('container not found')))
      return fail(`no command can be run in a new pod: ${error.message}`);
    throw error;
  }
}

/** What the shop's probe program sees in a clone. */
export async function probeClone(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
  args: readonly string[],
): Promise<Observation> {
  const asked = await askClone(lab, of, clone, ['probe', ...args]);
  if ('status' in asked) return asked;
  if (asked.code !== 0) return fail('a new pod does not run the program of the shop');
  const { failed, last } = JSON.parse(asked.stdout) as ProbeReport;
  return failed === 0 ? pass(last) : fail(last);
}

export const until = (lab: LabView, withinMs: number, holds: () => Promise<boolean>): Promise<boolean> =>
  lookUntil(lab, withinMs, holds, (held) => held);

/** The status of the workload's own container in a clone; undefined while there is none. */
export async function containerOf(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
): Promise<ContainerStatus | undefined> {
  const pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
  return pod?.status.containerStatuses?.find(({ name }) => name === of.name);
}

/**
 * No policy has a say on the network of a node. A clone cannot be there (the ports are taken by those whom it is like), and no
 * policy is to have a say in it either.
 */
function allAllowed(clone: Clone): NewObject<NetworkPolicy> {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { ...clone },
    spec: {
      podSelector: { matchLabels: { [CLONE_LABEL]: clone.name } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{}],
      egress: [{}],
    },
  };
}

/** @param options `told`: what it is told of its labels. It has none of them: whoever looks for such pods would find it. */
function clonePod(
  template: PodTemplate,
  clone: Clone,
  { liveness, told }: { readonly liveness: boolean; readonly told: Labels },
): NewObject<Pod> {
  // With the processes of all its containers in one place the program is not the first: nobody could make it hang.
  const { hostNetwork: _node, shareProcessNamespace: _shared, ...spec } = copy(template.spec);
  const made = (container: Container): Container => {
    const knowing = withLabelsTold(container, told);
    return liveness ? knowing : withoutLiveness(knowing);
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...clone,
      labels: { [CLONE_LABEL]: clone.name },
      annotations: { ...template.metadata?.annotations },
    },
    spec: {
      ...spec,
      containers: spec.containers.map(made),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(made) }),
    },
  };
}

function withoutLiveness({ livenessProbe: _liveness, ...container }: Container): Container {
  return container;
}

/** What a container is told of its labels is what any pod of the template is told: a clone has others. */
function withLabelsTold(container: Container, labels: Labels): Container {
  if (container.env === undefined) return container;
  const env = container.env.map((variable) => {
    const path = variable.valueFrom?.fieldRef?.fieldPath ?? '';
    const label = /^metadata\.labels\['(.*)'\]$/.exec(path)?.[1];
    return label === undefined ? variable : { name: variable.name, value: labels[label] ?? '' };
  });
  return { ...container, env };
}

/** Only inside the cluster: what the Service says of its outside (node ports, load balancers) is nothing to a proof. */
function cloneService(service: Service, clone: Clone): NewObject<Service> {
  const {
    ports = [],
    sessionAffinity,
    sessionAffinityConfig,
    internalTrafficPolicy,
    publishNotReadyAddresses,
  } = copy(service.spec);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...clone },
    spec: {
      type: 'ClusterIP',
      selector: { [CLONE_LABEL]: clone.name },
      ports: ports.map(({ nodePort: _nodePort, ...port }) => port),
      sessionAffinity,
      ...(sessionAffinityConfig === undefined ? {} : { sessionAffinityConfig }),
      ...(internalTrafficPolicy === undefined ? {} : { internalTrafficPolicy }),
      ...(publishNotReadyAddresses === undefined ? {} : { publishNotReadyAddresses }),
    },
  };
}
