import { resources } from '../model/resources.ts';
import type { LabView } from './check.ts';

/** The addresses that a Service's slices say are ready, whoever wrote the slices. */
export async function readyAddresses(
  lab: LabView,
  namespace: string,
  service: string,
): Promise<ReadonlySet<string>> {
  const slices = await lab.kube.list(resources.endpointSlices, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  return new Set(
    slices.flatMap((slice) =>
      // An empty slice comes over the wire as `endpoints: null`.
      (slice.endpoints ?? [])
        .filter(({ conditions }) => conditions.ready !== false)
        .flatMap(({ addresses }) => addresses),
    ),
  );
}
