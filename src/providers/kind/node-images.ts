import { run } from './commands.ts';

/** Takes an image with all its names from a node, if it is there. */
export async function removeImage(node: string, reference: string): Promise<void> {
  await removeWhere(node, (name) => name === reference);
}

/** Takes everything from a node that was pulled from these registries. */
export async function removePulled(node: string, hosts: readonly string[]): Promise<void> {
  await removeWhere(node, (name) => hosts.some((host) => name.startsWith(`${host}/`)));
}

/** An image has a name by tag, one by digest and one by its configuration: it is there as long as any of them is. */
async function removeWhere(node: string, wanted: (name: string) => boolean): Promise<void> {
  const images = ['exec', node, 'ctr', '--namespace', 'k8s.io', 'images'];
  const [, ...lines] = (await run('docker', [...images, 'list'])).split('\n');
  const entries = lines
    .map((line) => line.split(/\s+/))
    .map(([name = '', , digest = '']) => ({ name, digest }));
  const digests = new Set(entries.filter(({ name }) => wanted(name)).map(({ digest }) => digest));
  const names = entries.filter(({ digest }) => digests.has(digest)).map(({ name }) => name);
  if (names.length > 0) await run('docker', [...images, 'remove', '--sync', ...names]);
}
