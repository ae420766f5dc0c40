import { resources } from '../../../model/resources.ts';
import { ALLOCATOR, followsService, MANAGED_BY } from '../../apiserver/service-allocation.ts';
import type { ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

const LABELS = { 'ipaddress.kubernetes.io/ip-family': 'IPv4', [MANAGED_BY]: ALLOCATOR };

/**
 * Keeps an IPAddress object for the cluster IP of each Service. Which addresses are taken is read from the Services
 * themselves (`service-allocation.ts`): these objects follow them.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
export function startIpAddressController({
  simulation,
  api,
  watches,
}: Pick<ControllerContext, 'simulation' | 'api' | 'watches'>): void {
  const queue = new WorkQueue(simulation, 'ip-addresses', sync);

  function sync(address: string): void {
    const found = api.get(resources.ipAddresses, undefined, address);
    const owner = api.list(resources.services).find(({ spec }) => spec.clusterIP === address);
    if (owner === undefined) {
      if (found !== undefined && followsService(found)) api.delete(resources.ipAddresses, undefined, address);
      return;
    }
    if (found !== undefined) return;
    const { namespace = '', name } = owner.metadata;
    api.create(resources.ipAddresses, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: { name: address, labels: LABELS },
      spec: { parentRef: { resource: 'services', namespace, name } },
    });
  }

  watches.on(resources.services, ({ type, object, old }) => {
    if (type === 'MODIFIED' && old?.spec.clusterIP === object.spec.clusterIP) return;
    for (const { clusterIP = '' } of [object.spec, old?.spec ?? object.spec])
      if (clusterIP !== '' && clusterIP !== 'None') queue.add(clusterIP);
  });
  watches.on(resources.ipAddresses, ({ type, object }) => {
    if (type === 'DELETED') queue.add(object.metadata.name);
  });
}
