import { resources } from '../../model/resources.ts';
import type { Api } from '../api.ts';
import { ed25519KeyOf } from '../certificates/ed25519.ts';
import { certificateRequest } from '../certificates/request-writer.ts';
import type { Simulation } from '../simulation/simulation.ts';

/** Names of bootstrap tokens, as `kubeadm join` uses the one of kind. */
const BOOTSTRAPPER = {
  user: 'system:bootstrap:abcdef',
  groups: ['system:bootstrappers', 'system:bootstrappers:kubeadm:default-node-token'],
};
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'.split('');

/** Under which name, and in which groups, the kubelet of a node asks for its certificate. */
export function requesterOf({ name, role }: { readonly name: string; readonly role: string }): {
  readonly user: string;
  readonly groups: readonly string[];
} {
  // The one of a control plane has a first certificate from kubeadm.
  return role === 'control-plane' ? { user: `system:node:${name}`, groups: ['system:nodes'] } : BOOTSTRAPPER;
}

/**
 * The request by which a kubelet gets the certificate with which it speaks to the API server.
 * @param api under the name that {@link requesterOf} gives
 * @param seed of the cluster
 * https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
 */
export function requestNodeCertificate(simulation: Simulation, api: Api, node: string, seed: string): void {
  const random = simulation.random.stream(`node-certificates/${node}`);
  const suffix = Array.from({ length: 5 }, () => random.pick(LETTERS)).join('');
  api.create(resources.certificateSigningRequests, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: `csr-${suffix}`, generateName: 'csr-' },
    spec: {
      request: certificateRequest(ed25519KeyOf(`node/${node}/${seed}`), `system:node:${node}`, [
        'system:nodes',
      ]),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    },
  });
}
