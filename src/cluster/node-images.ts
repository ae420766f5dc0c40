import type { ImageSource, ImageStore, ReferenceParser, RegistryCredential } from './kubelet/types.ts';
import { createNodeImages } from './registry/node-images.ts';
import { canonicalName, InvalidReferenceError, parseReference } from './registry/reference.ts';
import type { Registries, RegistryCredentials } from './registry/registries.ts';
import type { LoadedImages } from './registry/types.ts';

/** How the kubelets see images: what is on their node's disk, and what the lab's registries have. */

/** The disk of one node. A name that cannot be read is nobody's. */
export function nodeImages(loaded: LoadedImages): ImageStore {
  const images = createNodeImages({ loaded });
  return {
    find: (reference) => ('error' in readReference(reference) ? undefined : images.find(reference)),
    add: (reference, image) => images.add(reference, image),
    list: () => images.list().map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })),
  };
}

/** Full form of an image name, or what containerd says of it. */
export const readReference: ReferenceParser = (name) => {
  try {
    return { full: canonicalName(parseReference(name)) };
  } catch (error) {
    if (error instanceof InvalidReferenceError) return { error: error.message };
    throw error;
  }
};

/** The registries, with the login out of pull secrets that fits the image's registry. */
export function imageSource(registries: Registries): ImageSource {
  return {
    pull: (reference, credentials, done) =>
      registries.pull(reference, loginFor(reference, credentials), (result) => {
        done('error' in result ? result : { image: result.image, reference: result.canonicalName });
      }),
  };
}

function loginFor(
  reference: string,
  credentials: readonly RegistryCredential[],
): RegistryCredentials | undefined {
  const { domain } = parseReference(reference);
  return credentials.find(({ registry }) => registry.replace(/^https?:\/\//, '').split('/')[0] === domain);
}
