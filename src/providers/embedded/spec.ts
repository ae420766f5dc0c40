import { createAuthority, type KeyPair } from '../../cluster/wire/certificates.ts';
import { renderKubeconfig } from '../../cluster/wire/kubeconfig.ts';
import type { LogHeader } from '../../cluster/host/input-log.ts';
import type { Fact, RegistryPlan } from '../provider.ts';

/** What the embedded cluster has, whichever process it runs in. */
export const EMBEDDED_FACTS: ReadonlySet<Fact> = new Set<Fact>([
  'ownsCluster',
  'networkPolicy',
  'registry',
  'nodes',
]);

/** As `Cluster.version` says it. */
export const EMBEDDED_VERSION = 'Kubernetes 1.36 (embedded)';

/** What an embedded cluster is made of; part of the log's header, so that a replay makes the same. */
export interface EmbeddedSpec {
  readonly nodes: readonly { readonly name: string; readonly role: 'control-plane' | 'worker' }[];
  readonly images: readonly string[];
  readonly registries: readonly RegistryPlan[];
  /** Whether nodes can pull the public images of Kubernetes' own tests; labs have no internet. */
  readonly publicImages?: boolean;
  /** The CA's certificate as pods see it; it ends up in objects, so it belongs to the state. */
  readonly ca: string;
}

export type EmbeddedHeader = LogHeader & {
  readonly spec: EmbeddedSpec;
  /** How long the fault is to be there at hand-over, in milliseconds. */
  readonly since: number;
  /** Of a cluster that is no lab. */
  readonly alone?: {
    /** How far behind the wall its clock is from the start, in milliseconds. */
    readonly headroom: number;
  };
};

/** Nodes with the names that kind gives them: `dev-control-plane`, `dev-worker`, `dev-worker2`. */
export function namedNodes(
  cluster: string,
  nodes: readonly { readonly role: 'control-plane' | 'worker' }[],
): EmbeddedSpec['nodes'] {
  return nodes.map(({ role }, index) => {
    const before = nodes.slice(0, index).filter((node) => node.role === role).length;
    return { name: `${cluster}-${role}${before === 0 ? '' : before + 1}`, role };
  });
}

/** Keys and certificates of a lab: outside the state, in wall time, kept in its folder. */
export interface Credentials {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly client: KeyPair;
}

export function createCredentials(now: Date): Credentials {
  const authority = createAuthority({ commonName: 'kubernetes', now });
  return {
    authority: { certificate: authority.certificate, key: authority.key },
    server: authority.issueServer({ now }),
    client: authority.issueClient({
      now,
      commonName: 'kubernetes-admin',
      organizations: ['kubeadm:cluster-admins'],
    }),
  };
}

export function kubeconfigFor(lab: string, credentials: Credentials, port: number): string {
  return renderKubeconfig({
    cluster: lab,
    user: 'kubernetes-admin',
    server: `https://127.0.0.1:${port}`,
    ca: credentials.authority.certificate,
    clientCertificate: credentials.client.certificate,
    clientKey: credentials.client.key,
  });
}
