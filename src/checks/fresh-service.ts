import type { Service } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import type { LabView, Observation } from './check.ts';
import type { ClientRef } from './client-pod.ts';
import { refusal } from './next-rollout.ts';

/** Milliseconds that a new Service may take to reach every DNS server. */
export const UNTIL_KNOWN = 10_000;

/** Another namespace than the shop's, which every cluster has: what is kept or answered for one may not be for others. */
export const ELSEWHERE = 'default';

/**
 * Makes a Service of the client's own pods, for a proof; the caller deletes it.
 * @param clusterIP `None` for a headless one
 * @returns the Service; a failure where the cluster takes no Service (any more)
 */
export async function createService(
  lab: LabView,
  { namespace, app }: ClientRef,
  name: string,
  clusterIP?: 'None',
): Promise<Service | Observation> {
  try {
    return await lab.kube.create(resources.services, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: {
        type: 'ClusterIP',
        sessionAffinity: 'None',
        selector: { app },
        ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
        ...(clusterIP === undefined ? {} : { clusterIP }),
      },
    });
  } catch (error) {
    return refusal('a new Service', error);
  }
}
