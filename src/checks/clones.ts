import { copy } from '../core/json.ts';
import { KubeError } from '../kube/client.ts';
import type { NewObject, Pod, PodTemplate, Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, type Observation, pass, patient } from './check.ts';
import { readyAddresses } from './endpoints.ts';
import { isReady, type WorkloadRef } from './workloads.ts';

const CLONE_LABEL = 'breakfix.dev/clone';

/** A pod of a live template with a Service of its own: nothing that is proven on it touches the real clients. */
interface Clone {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The workload's readiness can still fail: a clone whose process closes its listener (but lives on) leaves its
 * Service within `withinMs`. Probes that always say yes, ask somebody else or give up after hours are found so.
 */
export function readinessCanFail(of: WorkloadRef, withinMs: number): Check {
  return {
    expected: `a pod of ${of.name} that stops answering leaves its Service within ${withinMs / 1000} s`,
    disturbs: `a clone of a pod of ${of.name}`,
    look: () => Promise.resolve(pass('proven on a clone when graded')),
    grade: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const service = await lab.kube.get(resources.services, of.namespace, of.name);
      if (service === undefined) return fail(`service/${of.name} does not exist`);
      return withClone(lab, deployment.spec.template, service, (clone) =>
        proveLeaving(lab, of, clone, withinMs),
      );
    },
  };
}

async function proveLeaving(
  lab: LabView,
  of: WorkloadRef,
  clone: Clone,
  withinMs: number,
): Promise<Observation> {
  if (!(await until(lab, patient(lab, 90_000), () => served(lab, clone))))
    return fail('a fresh pod of the template does not become ready');
  const { code } = await lab.kube.exec(clone.namespace, clone.name, {
    container: of.name,
    command: ['node', '/app/shop.mjs', 'hang-up'],
    timeoutMs: 30_000,
  });
  if (code !== 0) return fail('the program in the pod is not the shop');
  const left = await until(lab, withinMs, async () => !(await served(lab, clone)));
  if (!left) return fail(`it was still served ${withinMs / 1000} s after it had stopped answering`);
  // A container that ended is not ready either: that proves nothing about its probe.
  return (await restarted(lab, clone))
    ? fail('its process ended instead of living on without answering')
    : pass('it left its Service');
}

async function restarted(lab: LabView, { namespace, name }: Clone): Promise<boolean> {
  const pod = await lab.kube.get(resources.pods, namespace, name);
  const statuses = pod?.status.containerStatuses ?? [];
  return statuses.some(({ restartCount, state }) => restartCount > 0 || state.terminated !== undefined);
}

async function served(lab: LabView, clone: Clone): Promise<boolean> {
  const pod = await lab.kube.get(resources.pods, clone.namespace, clone.name);
  const addresses = await readyAddresses(lab, clone.namespace, clone.name);
  return addresses.size > 0 || (pod !== undefined && isReady(pod));
}

async function withClone(
  lab: LabView,
  template: PodTemplate,
  service: Service,
  prove: (clone: Clone) => Promise<Observation>,
): Promise<Observation> {
  const { namespace = 'default', name } = service.metadata;
  // Named as a ReplicaSet names its pods, and without a Service of its name in the environment: a probe that behaves
  // only where it is looked at would not know.
  const clone: Clone = { namespace, name: `${name}-${lab.random.suffix(10)}-${lab.random.suffix(5)}` };
  try {
    try {
      await lab.kube.create(resources.pods, clonePod(template, clone));
      await lab.kube.create(resources.services, cloneService(service, clone));
    } catch (error) {
      if (error instanceof KubeError && error.code < 500)
        return fail(`a fresh pod is refused: ${error.message}`);
      throw error;
    }
    return await prove(clone);
  } finally {
    await lab.kube.delete(resources.pods, namespace, clone.name, { grace: 0 });
    await lab.kube.delete(resources.services, namespace, clone.name);
  }
}

function clonePod(template: PodTemplate, clone: Clone): NewObject<Pod> {
  const spec = copy(template.spec);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...clone,
      labels: { [CLONE_LABEL]: clone.name },
      annotations: { ...template.metadata?.annotations },
    },
    // A liveness probe would restart the container, and a pod that restarts is not ready either: readiness alone counts.
    spec: {
      ...spec,
      containers: spec.containers.map(({ livenessProbe: _liveness, ...container }) => container),
    },
  };
}

function cloneService(service: Service, clone: Clone): NewObject<Service> {
  const { clusterIP: _ip, clusterIPs: _ips, selector: _selector, ports = [], ...spec } = copy(service.spec);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...clone },
    spec: {
      ...spec,
      type: 'ClusterIP',
      selector: { [CLONE_LABEL]: clone.name },
      ports: ports.map(({ nodePort: _nodePort, ...port }) => port),
    },
  };
}

async function until(lab: LabView, withinMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const end = lab.clock.now().getTime() + withinMs;
  for (;;) {
    if (await holds()) return true;
    if (lab.clock.now().getTime() >= end) return false;
    await lab.clock.wait(1000, lab.signal);
  }
}
