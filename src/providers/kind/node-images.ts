import { run } from './commands.ts';

/** Takes an image with all its names from a node, if it is there. */
export async function removeImage(node: string, reference: string): Promise<void> {
  await removeWhere(node, (name) => name === reference);
}

/** Takes everything from a node that was pulled from these registries. */
export async function removePulled(node: string, hosts: readonly string[]): Promise<void> {
  await removeWhere(node, (name) => hosts.some((host) => name.startsWith(`${host}/`)));
}

/**
 * Which of these images a node does not have, or has under their name from another build.
 * @param ids of the images by reference, as Docker knows them: `sha256:…` of their configuration
 */
export async function missingOn(node: string, ids: ReadonlyMap<string, string>): Promise<string[]> {
  const digests = new Map((await imagesOn(node)).map(({ name, digest }) => [name, digest]));
  const isThere = ([reference, id]: readonly [string, string]): boolean =>
    digests.has(reference) && digests.get(reference) === digests.get(id);
  return [...ids].filter((image) => !isThere(image)).map(([reference]) => reference);
}

interface ImageEntry {
  readonly name: string;
  /** Of the manifest. */
  readonly digest: string;
}

/** An image has a name by tag, one by digest and one by its configuration: it is there as long as any of them is. */
async function imagesOn(node: string): Promise<ImageEntry[]> {
  const [, ...lines] = (await run('docker', [...imagesOf(node), 'list'])).split('\n');
  return lines.map((line) => line.split(/\s+/)).map(([name = '', , digest = '']) => ({ name, digest }));
}

const imagesOf = (node: string): readonly string[] => [
  'exec',
  node,
  'ctr',
  '--namespace',
  'k8s.io',
  'images',
];

async function removeWhere(node: string, wanted: (name: string) => boolean): Promise<void> {
  const entries = await imagesOn(node);
  const digests = new Set(entries.filter(({ name }) => wanted(name)).map(({ digest }) => digest));
  const names = entries.filter(({ digest }) => digests.has(digest)).map(({ name }) => name);
  if (names.length > 0) await run('docker', [...imagesOf(node), 'remove', '--sync', ...names]);
}
