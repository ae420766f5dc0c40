import { all, type Check, fail, pass } from '../checks/check.ts';
import { readyCorednsPods } from '../kube/cluster-dns.ts';
import { resources } from '../model/resources.ts';
import type { BaselinePlan } from '../scenario/types.ts';

/** Every workload of the baseline has all its replicas ready. */
export function workloadsWhole(plan: BaselinePlan): Check {
  return all('all workloads have their replicas ready', [
    ...plan.workloads.map((reference) => workloadReady(reference, plan.namespace)),
    ...(changesCorefile(plan) ? [corednsReady] : []),
  ]);
}

/** Whether CoreDNS has to read something new before the baseline is whole. */
export function changesCorefile({ manifests }: BaselinePlan): boolean {
  return manifests.some(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' && metadata.namespace === 'kube-system' && metadata.name === 'coredns',
  );
}

const corednsReady: Check = {
  expected: 'CoreDNS has its replicas ready',
  look: async ({ kube }) => {
    const coredns = await kube.get(resources.deployments, 'kube-system', 'coredns');
    const ready = await readyCorednsPods(kube);
    const text = `CoreDNS: ${ready} of ${coredns?.spec.replicas ?? 0} ready`;
    return coredns !== undefined && ready >= coredns.spec.replicas ? pass(text) : fail(text);
  },
};

/** @param reference `deployment/checkout`, or with a namespace of its own: `deployment/dns@upstream` */
function workloadReady(reference: string, otherwise: string): Check {
  const [path = '', namespace = otherwise] = reference.split('@');
  const [kind, name = ''] = path.split('/');
  return {
    expected: `${path} has its replicas ready`,
    look: async ({ kube }) => {
      const workload =
        kind === 'statefulset'
          ? await kube.get(resources.statefulSets, namespace, name)
          : await kube.get(resources.deployments, namespace, name);
      if (workload === undefined) return fail(`${path} does not exist`);
      const { spec, status, metadata } = workload;
      const ready = status.readyReplicas ?? 0;
      const observed = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
      const text = `${path}: ${ready} of ${spec.replicas} ready`;
      return observed && ready >= spec.replicas ? pass(text) : fail(text);
    },
  };
}
