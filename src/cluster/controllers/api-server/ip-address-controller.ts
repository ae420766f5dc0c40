import { resources } from '../../../model/resources.ts';
import type { Api } from '../../api.ts';
import type { Simulation } from '../../simulation/simulation.ts';
import type { SharedWatches } from '../shared-watches.ts';
import { WorkQueue } from '../work-queue.ts';

const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';
const LABELS = { 'ipaddress.kubernetes.io/ip-family': 'IPv4', [MANAGED_BY]: ALLOCATOR };

/**
 * Keeps an IPAddress object for the cluster IP of each Service. Which addresses are taken is read from the Services
 * themselves (`service-allocation.ts`): these objects follow them.
 * https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
export function startIpAddressController(options: {
  readonly simulation: Simulation;
  readonly api: Api;
  readonly watches: SharedWatches;
}): void {
  const { simulation, api, watches } = options;
  const queue = new WorkQueue(simulation, 'ip-addresses', sync);
  /** By address, the Service that has it, as `namespace/name`. */
  const owners = new Map<string, string>();

  function sync(address: string): void {
    const found = api.get(resources.ipAddresses, undefined, address);
    const owner = owners.get(address);
    if (owner === undefined) {
      if (found?.metadata.labels?.[MANAGED_BY] === ALLOCATOR)
        api.delete(resources.ipAddresses, undefined, address);
      return;
    }
    if (found !== undefined) return;
    const [namespace = '', name = ''] = owner.split('/');
    api.create(resources.ipAddresses, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: { name: address, labels: LABELS },
      spec: { parentRef: { resource: 'services', namespace, name } },
    });
  }

  watches.on(resources.services, ({ type, object: { metadata, spec } }) => {
    const owner = `${metadata.namespace ?? ''}/${metadata.name}`;
    const { clusterIP = '' } = spec;
    const has = type !== 'DELETED' && clusterIP !== '' && clusterIP !== 'None';
    if (has && owners.get(clusterIP) === owner) return;
    for (const [address, known] of owners) {
      if (known !== owner) continue;
      owners.delete(address);
      queue.add(address);
    }
    if (!has) return;
    owners.set(clusterIP, owner);
    queue.add(clusterIP);
  });
  watches.on(resources.ipAddresses, ({ type, object }) => {
    if (type === 'DELETED') queue.add(object.metadata.name);
  });
}
