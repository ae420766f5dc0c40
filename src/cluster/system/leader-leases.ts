import type { Lease } from '../../model/objects.ts';
import type { Api } from '../api.ts';
import { type LeaseRenewal, renewLease } from '../lease-renewal.ts';
import { SECOND, type Simulation } from '../simulation/simulation.ts';

/** The API server renews this often; the other two do so every two seconds on a real cluster (docs/fidelity.md). */
const RENEW = 10 * SECOND;
const NAMESPACE = 'kube-system';

interface Held {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec: Lease['spec'] & { readonly holderIdentity: string };
}

/**
 * Has the parts of the control plane hold the leases by which a second one of each would know of the first.
 * https://kubernetes.io/docs/concepts/architecture/leases/
 * @param controlPlane.address where other API servers would reach this one, `ip:port`
 */
export function holdLeases(
  simulation: Simulation,
  api: Api,
  { controlPlane, address }: { readonly controlPlane: string; readonly address: string },
): void {
  const ids = simulation.random.stream('control-plane/leases');
  const server = `apiserver-${base32(ids.hex(52))}`;
  const held: readonly Held[] = [
    {
      name: server,
      labels: {
        'apiserver.kubernetes.io/identity': 'kube-apiserver',
        'kubernetes.io/hostname': controlPlane,
      },
      annotations: { 'kubernetes.io/peer-advertise-address': address },
      spec: { holderIdentity: `${server}_${ids.uuid()}`, leaseDurationSeconds: 3600 },
    },
    ...['kube-controller-manager', 'kube-scheduler'].map((name) => ({
      name,
      labels: {},
      spec: {
        acquireTime: simulation.microTimestamp(),
        holderIdentity: `${controlPlane}_${ids.uuid()}`,
        leaseDurationSeconds: 15,
        leaseTransitions: 0,
      },
    })),
  ];
  const renew = (): void => {
    for (const lease of held) renewLease(api, renewalOf(lease, simulation.microTimestamp()));
    simulation.after(RENEW, 'control-plane/leases', renew);
  };
  renew();
}

function renewalOf({ name, labels, annotations, spec }: Held, renewTime: string): LeaseRenewal {
  const { holderIdentity } = spec;
  return {
    namespace: NAMESPACE,
    name,
    renewed: { holderIdentity, renewTime },
    make: () => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: NAMESPACE, labels, ...(annotations && { annotations }) },
      spec: { ...spec, renewTime },
    }),
  };
}

/** Letters and digits as in the hash of an API server's name: one for two digits of the number. */
const base32 = (hex: string): string =>
  (hex.match(/../g) ?? [])
    .map((pair) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(pair, 16) % 32] ?? '')
    .join('');
