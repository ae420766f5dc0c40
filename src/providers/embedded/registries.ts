import { registryAddress } from '../../cluster/registry/addresses.ts';
import { shopImage } from '../../images/shop.ts';
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
    digest: (repository, tag) => {
      const release = registry.repositories[repository]?.[tag];
      if (release === undefined) return Promise.reject(new Error(`${host} has no ${repository}:${tag}`));
      return Promise.resolve(shopImage(release).digest);
    },
  };
}
