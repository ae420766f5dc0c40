import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tryRun } from './commands.ts';

/** All kind clusters of a machine share this Docker network; kind makes it and never removes it. */
const NETWORK = 'kind';

/** Beside the labs, since several of them may use the network one after the other. */
const markOf = (folder: string): string => join(folder, '..', '..', 'kind-network-is-ours');

/**
 * Remembers that the network is not there yet: then what kind is going to make is ours to remove.
 * @param folder of the lab
 */
export async function rememberNetwork(folder: string, signal: AbortSignal): Promise<void> {
  const { code } = await tryRun('docker', ['network', 'inspect', NETWORK], { signal });
  if (code !== 0) writeFileSync(markOf(folder), '');
}

/** Removes the network where it is ours and nothing is attached to it any more. */
export async function removeNetwork(folder: string): Promise<void> {
  const mark = markOf(folder);
  if (!existsSync(mark)) return;
  // Docker refuses while something is attached, which is what we want; the mark stays for the last lab.
  const { code, stderr } = await tryRun('docker', ['network', 'rm', NETWORK]);
  if (code === 0 || stderr.includes('No such network') || stderr.includes('not found'))
    rmSync(mark, { force: true });
}
