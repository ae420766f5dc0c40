import type { ClaimSpec } from '../defaults/devices.ts';
import { labelProblems } from './formats.ts';
import type { Problems } from './problems.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/resource-claim-v1/ */
export function checkClaimOfDevices(problems: Problems, { spec }: { spec?: ClaimSpec }): void {
  checkDeviceRequests(problems, 'spec', spec);
}

export function checkTemplateOfDevices(problems: Problems, { spec }: { spec?: { spec?: ClaimSpec } }): void {
  checkDeviceRequests(problems, 'spec.spec', spec?.spec);
}

function checkDeviceRequests(problems: Problems, field: string, spec: ClaimSpec | undefined): void {
  (spec?.devices?.requests ?? []).forEach(({ name = '', exactly, firstAvailable }, index) => {
    const path = `${field}.devices.requests[${index}]`;
    if (name === '') problems.required(`${path}.name`);
    else problems.invalidFor(`${path}.name`, name, labelProblems(name));
    if ((exactly === undefined) !== (firstAvailable === undefined)) return;
    problems.required(path, 'exactly one of `exactly` or `firstAvailable` is required');
  });
}
