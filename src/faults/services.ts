import type { LabView } from '../checks/check.ts';
import type { EndpointSlice, Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';

/**
 * Deletes a Service and makes it again as it was, but for its address: that is another one, or the one that is given.
 * @returns the Service that there is now, or undefined where there was none
 */
export async function recreateService(
  lab: LabView,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  clusterIP?: string,
): Promise<Service | undefined> {
  const before = await lab.kube.get(resources.services, namespace, name);
  if (before === undefined) return undefined;
  const { labels = {} } = before.metadata;
  const { clusterIP: old, clusterIPs: _old, ...spec } = before.spec;
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: clusterIP === undefined ? spec : { ...spec, clusterIP },
  };
  for (;;) {
    await lab.kube.delete(resources.services, namespace, name);
    const made = await lab.kube.create(resources.services, service);
    // Addresses are given at random.
    if (clusterIP !== undefined || made.spec.clusterIP !== old) return made;
  }
}

/**
 * Makes a Service only another name of a new one, which leads to its pods whether they are ready or not. It stays the same object,
 * and its slices stay as they are.
 */
export async function anotherName(
  lab: LabView,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const { spec } = (await lab.kube.get(resources.services, namespace, name)) ?? {};
  const other = `${name}-pods`;
  await lab.kube.create(resources.services, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: other, namespace },
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      selector: spec?.selector ?? {},
      ports: spec?.ports ?? [],
      publishNotReadyAddresses: true,
    },
  });
  const externalName = `${other}.${namespace}.svc.cluster.local`;
  const body = { spec: { type: 'ExternalName', externalName, clusterIP: null, clusterIPs: null } };
  await lab.kube.patch(resources.services, namespace, name, body, { type: 'merge' });
}

/**
 * Makes an EndpointSlice of a Service by hand, beside the controller's: it leads to these addresses as well.
 * @param ports those of the shop's Services, if not said
 */
export async function endpointsByHand(
  lab: LabView,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  addresses: readonly string[],
  ports: EndpointSlice['ports'] = [{ name: 'http', port: 8080, protocol: 'TCP' }],
): Promise<void> {
  await lab.kube.create(resources.endpointSlices, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-manual`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports,
  });
}
