import { run } from './commands.ts';

/** Takes an image with all its names from a node, if it is there. */
export async function removeImage(node: string, reference: string): Promise<void> {
  await removeWhere(node, (name) => name === reference);
}

/** Takes everything from a node that was pulled from these registries. */
export async function removePulled(node: string, hosts: readonly string[]): Promise<void> {
  await removeWhere(node, (name) => hosts.some((host) => name.startsWith(`${host}/`)));
}

/** Whether a node has an image under this name. @param id of the image, as Docker knows it: `sha256:…` of its configuration */
export async function hasImage(node: string, reference: string, id: string): Promise<boolean> {
  const entries = await imagesOn(node);
  const digestOf = (wanted: string): string | undefined =>
    entries.find(({ name }) => name === wanted)?.digest;
  const digest = digestOf(reference);
  return digest !== undefined && digest === digestOf(id);
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
