import type { LabView } from '../checks/check.ts';
import { seconds } from '../core/clock.ts';

/** What people have the API server refuse, or write into what it is given: wrong repairs are made of it. */

/** Which requests a policy is about, and of these which. */
export interface Requests {
  readonly apiGroup: string;
  readonly resource: string;
  readonly operation: 'CREATE' | 'UPDATE';
  /** A CEL expression about `object`. */
  readonly where: string;
}

const resourceRules = ({ apiGroup, resource, operation }: Requests) => [
  { apiGroups: [apiGroup], apiVersions: ['v1'], operations: [operation], resources: [resource] },
];

const matchConditions = ({ where }: Requests) => [{ name: 'those', expression: where }];

/** Requests are refused from now on; what is there stays. */
export async function refuses(lab: LabView, name: string, requests: Requests): Promise<void> {
  await put(lab, 'ValidatingAdmissionPolicy', name, {
    matchConstraints: { resourceRules: resourceRules(requests) },
    matchConditions: matchConditions(requests),
    validations: [{ expression: 'false', message: 'not now' }],
  });
  await put(lab, 'ValidatingAdmissionPolicyBinding', name, {
    policyName: name,
    validationActions: ['Deny'],
  });
}

/** What is asked for is changed from now on; what is there stays. @param expression a CEL list of `JSONPatch` */
export async function rewrites(
  lab: LabView,
  name: string,
  requests: Requests,
  expression: string,
): Promise<void> {
  await put(lab, 'MutatingAdmissionPolicy', name, {
    reinvocationPolicy: 'Never',
    matchConstraints: { resourceRules: resourceRules(requests) },
    matchConditions: matchConditions(requests),
    mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
  });
  await put(lab, 'MutatingAdmissionPolicyBinding', name, { policyName: name });
}

async function put(lab: LabView, kind: string, name: string, spec: object): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  await lab.kube.apply({ apiVersion, kind, metadata: { name }, spec }, { manager: 'kubectl' });
  // The API server hears of it itself by a watch.
  await lab.clock.wait(seconds(5), lab.signal);
}
