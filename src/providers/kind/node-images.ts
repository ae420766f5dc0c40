import { commandFailed, run, tryRun } from './commands.ts';

interface ImageList {
  readonly images: readonly { readonly id: string; readonly repoTags?: readonly string[] | null }[];
}

/** Takes an image with all its names from a node, if it is there. */
export async function removeImage(node: string, reference: string): Promise<void> {
  const { code, stderr } = await tryRun('docker', ['exec', node, 'crictl', 'rmi', reference]);
  if (code !== 0 && !stderr.includes('no such image') && !stderr.includes('not found'))
    throw commandFailed(`crictl rmi ${reference} on ${node}`, stderr);
}

/** Takes everything from a node that was pulled from these registries. */
export async function removePulled(node: string, hosts: readonly string[]): Promise<void> {
  const { images } = JSON.parse(
    await run('docker', ['exec', node, 'crictl', 'images', '--output', 'json']),
  ) as ImageList;
  const pulled = images.filter(({ repoTags }) =>
    (repoTags ?? []).some((tag) => hosts.some((host) => tag.startsWith(`${host}/`))),
  );
  for (const { id } of pulled) await removeImage(node, id);
}
