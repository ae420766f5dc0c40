import type { Host } from '../../cluster/host/host.ts';
import type { OutsideChange } from '../../cluster/outside.ts';
import { kubeOver } from '../../kube/connect.ts';
import type { Cluster, ClusterRef } from '../provider.ts';
import { InProcessTransport } from './in-process-transport.ts';
import { manualClock } from './instance.ts';
import { nodeAccess, registryAccess } from './registries.ts';
import { EMBEDDED_FACTS, EMBEDDED_VERSION, type EmbeddedHeader } from './spec.ts';

/** What a cluster of this process is called, and made of. */
export interface HostedAs {
  readonly ref: ClusterRef;
  readonly header: EmbeddedHeader;
  /** For what needs a socket anyway. */
  readonly kubeconfig: string;
}

/** A cluster inside this process, with time that moves by hand, asked without HTTP between. Disposing it leaves the host. */
export function hostedCluster(host: Host, { ref, header, kubeconfig }: HostedAs): Cluster {
  const kube = kubeOver(new InProcessTransport(host, kubeconfig));
  const change = (what: OutsideChange): Promise<void> => host.change(what);
  return {
    ref,
    kubeconfig,
    kube,
    clock: manualClock(host),
    facts: EMBEDDED_FACTS,
    version: EMBEDDED_VERSION,
    can: {
      registry: (name) => Promise.resolve(registryAccess(header.spec, name, change)),
      node: (name) => nodeAccess(name, change),
    },
    [Symbol.asyncDispose]: () => kube[Symbol.asyncDispose](),
  };
}
