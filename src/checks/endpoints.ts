import type { EndpointSlice } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { LabView } from './check.ts';

/** What callers ask of a Service of the shop. */
export const CALLED_PORT = 80;

/** The addresses that a Service's slices say are ready, whoever wrote the slices. */
export async function readyAddresses(
  lab: LabView,
  namespace: string,
  service: string,
): Promise<ReadonlySet<string>> {
  return readyAddressesIn(await slicesOf(lab, namespace, service));
}

export const readyAddressesIn = (slices: readonly EndpointSlice[]): ReadonlySet<string> =>
  new Set(slices.flatMap(readyIn));

/**
 * The same with the port of each that callers get to, as `10.244.1.7:8080`: where one process after another can be asked. A slice
 * without a port of that name leads nobody anywhere.
 * @param asked the Service's port
 */
export async function readyEndpoints(
  lab: LabView,
  namespace: string,
  service: string,
  asked = CALLED_PORT,
): Promise<readonly string[]> {
  const { spec } = (await lab.kube.get(resources.services, namespace, service)) ?? {};
  const called = spec?.ports?.find(({ port }) => port === asked)?.name ?? '';
  const slices = await slicesOf(lab, namespace, service);
  return slices.flatMap((slice) =>
    readyIn(slice).flatMap((address) =>
      (slice.ports ?? [])
        .filter(({ name }) => called === '' || name === called)
        .map(({ port }) => `${address}:${port}`),
    ),
  );
}

/** The controller of Services with a selector, by the label of the slices that it keeps. */
const CONTROLLER = 'endpointslice-controller.k8s.io';

/**
 * Those of the slices that the controller of Services does not keep: their addresses stay when the pods go.
 * https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#management
 * @returns `endpointslice/payments-manual` …
 */
export function slicesByHand(slices: readonly EndpointSlice[]): string[] {
  return slices
    .filter(({ metadata }) => metadata.labels?.['endpointslice.kubernetes.io/managed-by'] !== CONTROLLER)
    .map(({ metadata }) => `endpointslice/${metadata.name}`);
}

/** The EndpointSlices of a Service, whoever wrote them. */
export function slicesOf(lab: LabView, namespace: string, service: string): Promise<EndpointSlice[]> {
  const labelSelector = `kubernetes.io/service-name=${service}`;
  return lab.kube.list(resources.endpointSlices, { namespace, labelSelector });
}

/** An empty slice comes over the wire as `endpoints: null`. */
function readyIn({ endpoints }: EndpointSlice): string[] {
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions.ready !== false)
    .flatMap(({ addresses }) => addresses);
}
