import { resources } from '../../../model/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../pipeline.ts';
import { notFound, statusError } from '../status.ts';
import { refusal } from './refuse.ts';

const IMMORTAL = new Set(['default', 'kube-system', 'kube-public']);

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  mutate(attributes) {
    const { operation, resource, namespace, name } = attributes;
    if (resource.id === 'namespaces') {
      const isImmortal = operation === 'DELETE' && IMMORTAL.has(name);
      if (isImmortal) throw refusal(attributes, 'this namespace may not be deleted');
      return;
    }
    if (!resource.namespaced || namespace === undefined || operation === 'DELETE') return;
    // Questions about a namespace may be asked before it exists.
    if (resource.id === 'localsubjectaccessreviews.authorization.k8s.io') return;
    const found = attributes.api.get(resources.namespaces, undefined, namespace);
    if (found === undefined) throw notFound(resources.namespaces, namespace);
    if (operation === 'CREATE' && found.status.phase === 'Terminating') {
      throw terminating(attributes, namespace);
    }
  },
};

function terminating(attributes: AdmissionAttributes, namespace: string): Error {
  const cause = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { status } = refusal(attributes, cause);
  return statusError(status.code, status.reason, status.message ?? '', {
    ...status.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}
