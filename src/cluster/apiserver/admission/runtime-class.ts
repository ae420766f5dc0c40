import type { Pod } from '../../../model/objects.ts';
import { resource } from '../../../model/resources.ts';
import type { AdmissionPlugin } from '../pipeline.ts';
import { refusal } from './refuse.ts';

const runtimeClasses = resource('node.k8s.io', 'v1', 'runtimeclasses', 'RuntimeClass', false);

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#runtimeclass */
export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  mutate(attributes) {
    if (attributes.resource.id !== 'pods' || attributes.subresource !== undefined) return;
    if (attributes.operation !== 'CREATE') return;
    const name = (attributes.object as unknown as Pod).spec.runtimeClassName ?? '';
    if (name === '' || attributes.api.get(runtimeClasses, undefined, name) !== undefined) return;
    throw refusal(attributes, `pod rejected: RuntimeClass "${name}" not found`);
  },
};
