import type { Pod, PriorityClass } from '../../../model/objects.ts';
import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin, StateReader } from '../pipeline.ts';
import { refusal } from './refuse.ts';

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#priority */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  mutate(attributes) {
    const { operation, resource, subresource } = attributes;
    if (resource.id === 'pods' && subresource === undefined && operation === 'CREATE') resolve(attributes);
  },
  validate(attributes) {
    const { operation, resource, object, api } = attributes;
    if (resource.id !== 'priorityclasses.scheduling.k8s.io') return;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if ((object as unknown as PriorityClass).globalDefault !== true) return;
    const current = defaultClass(api);
    if (current === undefined || (operation === 'UPDATE' && current.metadata.name === attributes.name))
      return;
    throw refusal(
      attributes,
      `PriorityClass ${current.metadata.name} is already marked as default. Only one default can exist`,
    );
  },
};

/** The class decides; a pod may not name another number. */
function resolve(attributes: AdmissionAttributes): void {
  const { spec } = attributes.object as unknown as Pod;
  const found = classOf(attributes, spec.priorityClassName);
  const value = found?.value ?? 0;
  const preemption = found?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (found !== undefined) spec.priorityClassName = found.metadata.name;
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refusal(
      attributes,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    );
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemption) {
    throw refusal(
      attributes,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemption} from the given PriorityClass name`,
    );
  }
  spec.priority = value;
  spec.preemptionPolicy = preemption;
}

function classOf(attributes: AdmissionAttributes, name: string | undefined): PriorityClass | undefined {
  if (name === undefined || name === '') return defaultClass(attributes.api);
  const found = attributes.api.get(resources.priorityClasses, undefined, name);
  if (found === undefined) throw refusal(attributes, `no PriorityClass with name ${name} was found`);
  return found;
}

/** The lowest of those that are marked, where two got past each other. */
function defaultClass(api: StateReader): PriorityClass | undefined {
  let lowest: PriorityClass | undefined;
  for (const candidate of api.list(resources.priorityClasses)) {
    if (candidate.globalDefault !== true) continue;
    if (lowest === undefined || candidate.value < lowest.value) lowest = candidate;
  }
  return lowest;
}
