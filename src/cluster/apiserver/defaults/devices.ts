interface DeviceRequest {
  allocationMode?: string;
  count?: number;
}

/** A ResourceClaim's spec: which devices a pod asks for. */
export interface ClaimSpec {
  devices?: { requests?: { name?: string; exactly?: DeviceRequest; firstAvailable?: DeviceRequest[] }[] };
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/resource-claim-v1/ */
export function defaultClaimOfDevices({ spec }: { spec?: ClaimSpec }): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    const requests = exactly === undefined ? firstAvailable : [exactly, ...firstAvailable];
    for (const request of requests) {
      request.allocationMode ||= 'ExactCount';
      if (request.allocationMode === 'ExactCount') request.count ||= 1;
    }
  }
}

export function defaultTemplateOfDevices({ spec }: { spec?: { metadata?: object; spec?: ClaimSpec } }): void {
  if (spec === undefined) return;
  spec.metadata ??= {};
  defaultClaimOfDevices(spec);
}
