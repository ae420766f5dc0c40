import type { OutsideChange } from '../../cluster/outside.ts';
import { registryAddress } from '../../cluster/registry/addresses.ts';
import type { NodeAccess, RegistryAccess } from '../provider.ts';
import type { EmbeddedSpec } from './spec.ts';

type Change = (change: OutsideChange) => Promise<void>;

/**
 * A simulated registry as the engine sees it: what it holds follows from the spec.
 * @param change does something outside the API, as an input of the lab
 */
export function registryAccess(spec: EmbeddedSpec, host: string, change: Change): RegistryAccess {
  const index = spec.registries.findIndex((registry) => registry.host === host);
  const registry = spec.registries[index];
  if (registry === undefined) throw new Error(`this cluster has no registry ${host}`);
  return {
    address: registryAddress(index),
    port: Number(host.split(':')[1] ?? '443'),
    digest: async (repository, tag) => {
      const release = registry.repositories[repository]?.[tag];
      if (release === undefined) throw new Error(`${host} has no ${repository}:${tag}`);
      const { shopImage } = await import('../../images/shop.ts');
      return shopImage(`${registry.mirrorOf ?? host}/${repository}:${tag}`, release).digest;
    },
    tag: (repository, from, to) => change({ what: 'tag', host, repository, from, to }),
    setOutage: (outage) => change({ what: 'outage', host, outage }),
  };
}

export function nodeAccess(node: string, change: Change): NodeAccess {
  return { removeImage: (reference) => change({ what: 'remove-image', node, reference }) };
}
