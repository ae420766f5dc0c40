import { registryAddress } from '../../cluster/registry/addresses.ts';
import type { RegistryAccess } from '../provider.ts';
import type { EmbeddedSpec } from './spec.ts';

/** A simulated registry as the engine may ask it: what it holds follows from the spec. */
export function registryAccess(spec: EmbeddedSpec, host: string): RegistryAccess {
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
      return shopImage(release).digest;
    },
  };
}
