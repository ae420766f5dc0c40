import { edit, equal } from '../../../core/json.ts';
import type { Condition, ServiceCidr } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import { contains, parseCidr } from '../../network/addresses.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../finalizers.ts';
import { WorkQueue } from '../work-queue.ts';

const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';
const IN_USE =
  'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR';

/**
 * Says that a range of Services' addresses is ready, and keeps it while addresses of it are taken. Addresses
 * are drawn from the range of the cluster itself; Services may name those of the others.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
export function createServiceCidrController({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'service-cidr', sync);

  function sync(name: string): void {
    const range = api.get(resources.serviceCidrs, undefined, name);
    if (range === undefined) return;
    if (range.metadata.deletionTimestamp === undefined) {
      const protectedRange = hasFinalizer(range, FINALIZER)
        ? range
        : api.update(resources.serviceCidrs, edit(range, withFinalizer(FINALIZER)));
      say(protectedRange, { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' });
    } else if (isUsed(range)) say(range, { status: 'False', reason: 'Terminating', message: IN_USE });
    else if (hasFinalizer(range, FINALIZER))
      api.update(resources.serviceCidrs, edit(range, withoutFinalizer(FINALIZER)));
  }

  function isUsed({ metadata, spec }: ServiceCidr): boolean {
    const others = api.list(resources.serviceCidrs).filter((other) => other.metadata.name !== metadata.name);
    const isIn = (range: ServiceCidr['spec'], address: string): boolean =>
      (range.cidrs ?? []).some((cidr) => !cidr.includes(':') && contains(parseCidr(cidr), address));
    return api
      .list(resources.ipAddresses)
      .some(({ metadata: { name } }) => isIn(spec, name) && !others.some((other) => isIn(other.spec, name)));
  }

  function say(range: ServiceCidr, condition: Pick<Condition, 'status' | 'reason' | 'message'>): void {
    const before = range.status?.conditions?.find(({ type }) => type === 'Ready');
    const { status, reason, message } = before ?? {};
    if (equal({ status, reason, message }, condition)) return;
    api.updateStatus(
      resources.serviceCidrs,
      edit(range, (draft) => {
        draft.status = {
          conditions: [{ type: 'Ready', ...condition, lastTransitionTime: simulation.timestamp() }],
        };
      }),
    );
  }

  return {
    name: 'service-cidr-controller',
    start: () => {
      watches.on(resources.serviceCidrs, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
      watches.on(resources.ipAddresses, ({ type }) => {
        if (type !== 'DELETED') return;
        for (const { metadata } of api.list(resources.serviceCidrs))
          if (metadata.deletionTimestamp !== undefined) queue.add(metadata.name);
      });
    },
  };
}
