import type { LabView } from '../checks/check.ts';
import { seconds } from '../core/clock.ts';
import { resources } from '../model/resources.ts';

/** How often it is looked whether a claim is gone. */
const LOOK_EVERY = seconds(1);

/**
 * Deletes a StatefulSet with the claims of its pods, and makes it again as it was: under the same names, on empty disks.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#persistentvolumeclaim-retention
 */
export async function recreateWithEmptyDisks(
  lab: LabView,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const { statefulSets, persistentVolumeClaims } = resources;
  const before = await lab.kube.get(statefulSets, namespace, name);
  if (before === undefined) return;
  const { metadata, spec } = before;
  const templates = (spec.volumeClaimTemplates ?? []).map((claim) => `${claim.metadata.name}-${name}-`);
  const claims = (await lab.kube.list(persistentVolumeClaims, { namespace })).filter((claim) =>
    templates.some((start) => claim.metadata.name.startsWith(start)),
  );
  await lab.kube.delete(statefulSets, namespace, name);
  for (const claim of claims) await lab.kube.delete(persistentVolumeClaims, namespace, claim.metadata.name);
  // A claim stays as long as a pod has it: made at once, the new pods would take it over.
  for (const claim of claims) {
    while ((await lab.kube.get(persistentVolumeClaims, namespace, claim.metadata.name)) !== undefined)
      await lab.clock.wait(LOOK_EVERY, lab.signal);
  }
  await lab.kube.create(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace, labels: metadata.labels ?? {} },
    spec,
  });
}
