import type { Manifest } from '../kube/client.ts';
import type { Cluster } from '../providers/provider.ts';
import type { BaselinePlan } from '../scenario/types.ts';

/**
 * A Service `registry` in the learner's namespace for every registry of the lab: its tag list can be asked from
 * inside the cluster, without a name server that knows the host.
 */
export async function registryObjects(cluster: Cluster, plan: BaselinePlan): Promise<Manifest[]> {
  const objects: Manifest[] = [];
  for (const [index, { host }] of (plan.registries ?? []).entries()) {
    const registry = await cluster.can.registry?.(host);
    if (registry === undefined) continue;
    const name = index === 0 ? 'registry' : `registry-${index + 1}`;
    const metadata = { name, namespace: plan.namespace };
    objects.push(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { ports: [{ name: 'http', port: 80, targetPort: registry.port }] },
      },
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [registry.address], conditions: { ready: true } }],
        ports: [{ name: 'http', port: registry.port, protocol: 'TCP' }],
      },
    );
  }
  return objects;
}
