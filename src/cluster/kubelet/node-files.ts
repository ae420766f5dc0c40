import { stringify } from 'yaml';
import type { Pod } from '../../model/objects.ts';
import type { FileTree, Shown } from '../runtime/container-types.ts';
import { MILLISECOND } from '../simulation/simulation.ts';
import type { PodContainers } from './container-manager.ts';
import type { PodWorker } from './pod-worker.ts';
import { nodeHosts, resolvConfText } from './resolv-conf.ts';
import type { KubeletDeps, StaticPod } from './types.ts';

/** Folders of a node's own system that pods mount from the host. */
const FOLDERS = [
  '/boot',
  '/dev',
  '/etc/kubernetes/manifests',
  '/etc/kubernetes/pki',
  '/home',
  '/lib/modules',
  '/media',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/srv',
  '/sys',
  '/tmp',
  '/usr',
  '/var/lib/kubelet',
  '/var/log',
];

/** Where a kubelet finds its static pods. */
export const MANIFESTS = '/etc/kubernetes/manifests';

/**
 * What hostPath volumes find on a node of its own: its system's files, the manifests of static pods, and the logs of its
 * containers as collectors read them.
 * https://kubernetes.io/docs/concepts/cluster-administration/logging/#log-location-node
 * @param workers of the pods that are on the node
 */
export function nodeFiles(deps: KubeletDeps, workers: () => Iterable<PodWorker>): FileTree {
  const { simulation, node, runtime, resolvConf, staticPods = [], systemFiles = {} } = deps;
  const tree = runtime.createTree();
  for (const folder of FOLDERS) tree.mkdir(folder, { parents: true });
  const files: Record<string, string> = {
    ...systemFiles,
    '/etc/hosts': `${nodeHosts(node.name, node.ip).join('\n')}\n`,
    '/etc/hostname': `${node.name}\n`,
    '/etc/resolv.conf': resolvConfText(resolvConf),
  };
  for (const [path, text] of Object.entries(files)) {
    tree.mkdir(path.slice(0, path.lastIndexOf('/')), { parents: true });
    tree.write(path, text, { mode: 0o644 });
  }
  for (const pod of staticPods)
    tree.write(`${MANIFESTS}/${manifestName(pod)}`, manifestOf(pod), { mode: 0o600 });
  const modified = Math.floor(simulation.now / MILLISECOND);
  tree.show('/var/log/pods', { mode: 0o750, modified, entries: () => podFolders(workers()) });
  tree.show('/var/log/containers', { modified, entries: () => containerLinks(workers()) });
  return tree;
}

/** What the file of a static pod is called that was there from the start. */
export const manifestName = ({ name }: StaticPod): string => `${name}.yaml`;

function manifestOf({ name, namespace, labels, annotations, spec }: StaticPod): string {
  const metadata = { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec, status: {} };
  return stringify(pod, { sortMapEntries: true, lineWidth: 0, indentSeq: false });
}

const folderOf = ({ metadata }: Pod): string =>
  `${metadata.namespace ?? 'default'}_${metadata.name}_${metadata.uid}`;

function podFolders(workers: Iterable<PodWorker>): ReadonlyMap<string, Shown> {
  const folders = new Map<string, Shown>();
  for (const { pod, containers } of workers) {
    const names = new Set(containers.all().map(({ spec }) => spec.name));
    if (names.size === 0) continue;
    const modified = Date.parse(pod.metadata.creationTimestamp);
    const inside = Array.from(
      names,
      (name) => [name, { modified, entries: () => logFiles(containers, name) }] as const,
    );
    folders.set(folderOf(pod), { modified, entries: () => new Map(inside) });
  }
  return folders;
}

/** Of every run that the node still knows. */
function logFiles(containers: PodContainers, name: string): ReadonlyMap<string, Shown> {
  const runs = containers.all().filter(({ spec }) => spec.name === name);
  return new Map(
    runs.map(({ restartCount, log }) => {
      const modified = Math.floor(log.lastAt / MILLISECOND);
      return [`${restartCount}.log`, { mode: 0o640, modified, text: () => log.asFile() }];
    }),
  );
}

/** To the log of the latest run of every container. */
function containerLinks(workers: Iterable<PodWorker>): ReadonlyMap<string, Shown> {
  const links = new Map<string, Shown>();
  for (const { pod, containers } of workers) {
    const { namespace = 'default', name } = pod.metadata;
    for (const { spec, id, restartCount } of containers.all()) {
      if (containers.latest(spec.name)?.id !== id) continue;
      links.set(`${name}_${namespace}_${spec.name}-${id}.log`, {
        modified: Date.parse(pod.metadata.creationTimestamp),
        target: `/var/log/pods/${folderOf(pod)}/${spec.name}/${restartCount}.log`,
      });
    }
  }
  return links;
}
