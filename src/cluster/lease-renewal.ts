import type { Lease, NewObject } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Api, StatusError } from './api.ts';

export interface LeaseRenewal {
  readonly namespace: string;
  readonly name: string;
  /** What every renewal writes anew. */
  readonly renewed: Lease['spec'];
  /** The lease as its holder makes it: the first time, and after somebody has deleted it. */
  readonly make: () => NewObject<Lease>;
}

/**
 * Says once more that a holder is alive. A request that is refused (by a learner's policy or webhook, say) is dropped:
 * the next renewal is the next try. https://kubernetes.io/docs/concepts/architecture/leases/
 */
export function renewLease(api: Api, { namespace, name, renewed, make }: LeaseRenewal): void {
  try {
    const known = api.get(resources.leases, namespace, name);
    if (known === undefined) api.create(resources.leases, make());
    else api.update(resources.leases, { ...known, spec: { ...known.spec, ...renewed } });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}
