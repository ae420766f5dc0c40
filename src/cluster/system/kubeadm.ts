import { createHmac } from 'node:crypto';
import type { ConfigMap, NewObject, Secret } from '../../model/objects.ts';

/** The token that kind joins its nodes with; it is in kind's source and expires after a day. */
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };
const TOKEN_LIFE = 24 * 3600;

export interface KubeadmFacts {
  /** Name of the node that the control plane runs on. */
  readonly controlPlane: string;
  /** PEM of the cluster's CA. */
  readonly ca: string;
  /** Seconds since 1970. */
  readonly now: number;
}

/**
 * What kubeadm and the API server leave in a new cluster and what names it: how a node finds it, whom it trusts, and
 * the token to join with. https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/
 */
export function kubeadmObjects(facts: KubeadmFacts): readonly (NewObject<ConfigMap> | NewObject<Secret>)[] {
  const { ca, now } = facts;
  const kubeconfig = clusterInfo(facts);
  return [
    configMap('kube-public', 'cluster-info', {
      kubeconfig,
      [`jws-kubeconfig-${TOKEN.id}`]: detachedSignature(kubeconfig),
    }),
    // Without an aggregation layer of its own there is no CA for the front proxy.
    configMap('kube-system', 'extension-apiserver-authentication', { 'client-ca-file': ca }),
    configMap('kube-system', 'kube-apiserver-legacy-service-account-token-tracking', {
      since: isoOf(now).slice(0, 10),
    }),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `bootstrap-token-${TOKEN.id}`, namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: encoded({
        'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
        expiration: isoOf(now + TOKEN_LIFE),
        'token-id': TOKEN.id,
        'token-secret': TOKEN.secret,
        'usage-bootstrap-authentication': 'true',
        'usage-bootstrap-signing': 'true',
      }),
    },
  ];
}

/** The name of a cluster of kind, which is the beginning of its nodes' names. */
export const clusterNameOf = (controlPlane: string): string => controlPlane.replace(/-control-plane$/, '');

const configMap = (namespace: string, name: string, data: Record<string, string>): NewObject<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

function clusterInfo({ controlPlane, ca }: KubeadmFacts): string {
  return `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from(ca).toString('base64')}
    server: https://${controlPlane}:6443
  name: ""
contexts: null
current-context: ""
kind: Config
users: null
`;
}

/** A JWS without its payload, by which a joining node knows that the holder of the token wrote it. */
function detachedSignature(payload: string): string {
  const url = (text: string): string => Buffer.from(text).toString('base64url');
  const header = url(JSON.stringify({ alg: 'HS256', kid: TOKEN.id }));
  const hmac = createHmac('sha256', TOKEN.secret).update(`${header}.${url(payload)}`);
  return `${header}..${hmac.digest('base64url')}`;
}

function encoded(data: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
}

/** A time of seconds since 1970, as objects have it. */
export const isoOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
