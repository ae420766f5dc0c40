import type { Image } from '../runtime/types.ts';
import { canonicalName, parseReference, readReference } from './reference.ts';
import type { LoadedImages } from './types.ts';

/** An image on a node. */
export interface NodeImage {
  readonly image: Image;
  /** `image` of a container's status: the first name it got. */
  readonly name: string;
  /** `imageID` of a container's status: `registry.shop.test/shop/web@sha256:…`. */
  readonly id: string;
}

/** The images that a node has, as its containerd knows them. */
export interface NodeImages {
  /** @param reference as in a pod, e.g. `nginx` or `docker.io/library/nginx:1.29`; one that cannot be read is nobody's */
  find(reference: string): NodeImage | undefined;
  /** Adds what a pull has brought. @throws InvalidReferenceError */
  add(reference: string, image: Image): NodeImage;
  /** Takes the image away, with all its names (`crictl rmi`). @returns false where it is not there */
  remove(reference: string): boolean;
  /** For status.images of the node: the largest first. */
  list(): readonly { readonly names: string[]; readonly sizeBytes: number }[];
}

interface Entry {
  readonly image: Image;
  readonly digestNames: Set<string>;
  readonly tagNames: Set<string>;
}

/** @param options.loaded what is there from the start, under full references */
export function createNodeImages(options: { readonly loaded: LoadedImages }): NodeImages {
  const entries = new Map<string, Entry>();

  const entryOf = (reference: string): Entry | undefined => {
    const byDigest = entries.get(reference);
    if (byDigest !== undefined) return byDigest;
    const read = readReference(reference);
    if ('error' in read) return undefined;
    for (const entry of entries.values()) {
      if (entry.tagNames.has(read.full) || entry.digestNames.has(read.full)) return entry;
    }
    return undefined;
  };

  const describe = ({ image, digestNames, tagNames }: Entry): NodeImage => {
    const [id = image.digest] = digestNames;
    const [name = id] = tagNames;
    return { image, name, id };
  };

  const add = (reference: string, image: Image): NodeImage => {
    const parsed = parseReference(reference);
    const name = canonicalName(parsed);
    for (const other of entries.values()) other.tagNames.delete(name);
    let entry = entries.get(image.digest);
    if (entry === undefined) {
      entry = { image, digestNames: new Set(), tagNames: new Set() };
      entries.set(image.digest, entry);
    }
    entry.digestNames.add(canonicalName({ ...parsed, digest: image.digest }));
    if (parsed.digest === undefined) entry.tagNames.add(name);
    return describe(entry);
  };

  for (const [reference, image] of Object.entries(options.loaded)) add(reference, image);

  return {
    find: (reference) => {
      const entry = entryOf(reference);
      return entry === undefined ? undefined : describe(entry);
    },
    add,
    remove: (reference) => {
      const entry = entryOf(reference);
      return entry !== undefined && entries.delete(entry.image.digest);
    },
    list: () =>
      [...entries.values()]
        .map(({ image, digestNames, tagNames }) => ({
          names: [...digestNames, ...tagNames],
          sizeBytes: image.sizeBytes,
        }))
        .sort((a, b) => b.sizeBytes - a.sizeBytes),
  };
}
