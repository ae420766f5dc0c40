import type { Service } from '../model/objects.ts';
import { matchesSelector } from '../model/selector.ts';
import { resources } from '../model/resources.ts';
import { all, type Check, fail, pass } from './check.ts';
import { policiesFollowPods } from './reach.ts';
import { http } from './traffic.ts';
import { whyNotFollowed } from './workloads.ts';

/**
 * The shop does for customers what it is there for: an order is paid, through gateway, checkout, fx, payments and ledger,
 * and money is given back, through refunds. Every service calls the next one itself, with its own settings: a wrong setting
 * shows here, however well a service answers when it is asked for its version. And customers can pay after the next rollouts
 * too: the Services lead to new pods, but not before these are ready, and from every node, and no NetworkPolicy tells pods apart by
 * the addresses that they have today.
 */
export function customersServed(namespace: string): Check {
  const customer = { from: { namespace, app: 'gateway' }, method: 'POST', timeoutMs: 5000 };
  return all('customers pay, and get their money back', [
    http({ ...customer, url: 'http://gateway/pay', contains: '"paid"' }),
    http({ ...customer, url: 'http://gateway/refund', contains: '"id"' }),
    servicesFollow(namespace),
    policiesFollowPods([namespace]),
  ]);
}

/** How a Service leads to other pods than it did, or not for everybody: nodes come and go, and so do the pods on them. */
function whyWorse(now: Service['spec'], before: Service['spec']): string | undefined {
  if (now.publishNotReadyAddresses === true && before.publishNotReadyAddresses !== true)
    return 'also leads to pods that are not ready (publishNotReadyAddresses)';
  return now.internalTrafficPolicy === 'Local' && before.internalTrafficPolicy !== 'Local'
    ? 'cannot be reached from a node that has none of its pods (internalTrafficPolicy Local)'
    : undefined;
}

/** The Services of the healthy shop that are still there lead to new pods of the workloads that they led to. */
function servicesFollow(namespace: string): Check {
  return {
    expected: `the Services of ${namespace} lead to new pods too`,
    look: async (lab) => {
      const [services, slices, deployments, sets] = await Promise.all([
        lab.kube.list(resources.services, { namespace }),
        lab.kube.list(resources.endpointSlices, { namespace }),
        lab.kube.list(resources.deployments, { namespace }),
        lab.kube.list(resources.statefulSets, { namespace }),
      ]);
      const workloads = [...deployments, ...sets];
      const before = [
        ...lab.baseline.list(resources.deployments, namespace),
        ...lab.baseline.list(resources.statefulSets, namespace),
      ];
      for (const { metadata, spec } of lab.baseline.list(resources.services, namespace)) {
        const service = services.find((one) => one.metadata.name === metadata.name);
        if (service === undefined || spec.selector === undefined) continue;
        const worse = whyWorse(service.spec, spec);
        if (worse !== undefined) return fail(`service/${metadata.name} ${worse}`);
        const own = slices.filter(
          (slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name,
        );
        for (const workload of workloads) {
          const was = before.find((one) => one.metadata.name === workload.metadata.name);
          const labels = was?.spec.template.metadata?.labels;
          if (labels === undefined || !matchesSelector({ matchLabels: spec.selector }, labels)) continue;
          const stale = whyNotFollowed(service, own, workload);
          if (stale !== undefined) return fail(stale);
        }
      }
      return pass('Services lead to new pods');
    },
  };
}
