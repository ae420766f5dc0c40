import { equal } from '../../../core/json.ts';
import type { AnyObject, Labels, Pod, PodSpec, Toleration } from '../../../model/objects.ts';
import { resource } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { refusal } from './refuse.ts';

interface RuntimeClass extends AnyObject {
  readonly overhead?: { readonly podFixed?: Readonly<Record<string, string>> };
  readonly scheduling?: { readonly nodeSelector?: Labels; readonly tolerations?: readonly Toleration[] };
}

const runtimeClasses = resource<RuntimeClass>('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false);

/**
 * Gives a pod what its class asks for: overhead, nodes, tolerations.
 * https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#runtimeclass
 */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(attributes) {
    if (attributes.resource.id !== 'pods' || attributes.subresource !== undefined) return;
    if (attributes.operation !== 'CREATE') return;
    const { spec } = attributes.object as unknown as Pod;
    const name = spec.runtimeClassName ?? '';
    const found = name === '' ? undefined : attributes.api.get(runtimeClasses, undefined, name);
    if (name === '') return;
    if (found === undefined) throw refusal(attributes, `pod rejected: RuntimeClass "${name}" not found`);
    addOverhead(attributes, spec, found);
    addScheduling(attributes, spec, found);
  },
  validate(attributes) {
    if (attributes.resource.id !== 'pods' || attributes.subresource !== undefined) return;
    if (attributes.operation !== 'CREATE') return;
    const { overhead = {}, runtimeClassName = '' } = (attributes.object as unknown as Pod).spec;
    if (Object.keys(overhead).length === 0) return;
    const found =
      runtimeClassName === '' ? undefined : attributes.api.get(runtimeClasses, undefined, runtimeClassName);
    if (found?.overhead !== undefined) return;
    throw refusal(
      attributes,
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  },
};

function addOverhead(attributes: AdmissionAttributes, spec: PodSpec, found: RuntimeClass): void {
  const overhead = found.overhead?.podFixed;
  if (overhead !== undefined && spec.overhead !== undefined && !equal(spec.overhead, overhead)) {
    throw refusal(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  }
  if (overhead !== undefined) spec.overhead = { ...overhead };
}

function addScheduling(attributes: AdmissionAttributes, spec: PodSpec, found: RuntimeClass): void {
  const { nodeSelector = {}, tolerations = [] } = found.scheduling ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    throw refusal(
      attributes,
      `pod rejected: conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
    );
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const missing = tolerations.filter(
    (toleration) => spec.tolerations?.some((own) => equal(own, toleration)) !== true,
  );
  if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...missing];
}
