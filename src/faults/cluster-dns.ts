import type { LabView } from '../checks/check.ts';
import { corednsPods as podsOfDns, endCorednsPods } from '../kube/cluster-dns.ts';
import type { ConfigMap, Pod } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { DEPLOYER } from './deployments.ts';
import type { Fault } from './fault.ts';

/** Pods with the label that Service kube-dns selects by. */
export const corednsPods = (lab: LabView): Promise<Pod[]> => podsOfDns(lab.kube);

/** The Corefile in `configmap/coredns`; empty where there is none. */
export async function readCorefile(lab: LabView): Promise<string> {
  const map = await lab.kube.get<ConfigMap>(resources.configMaps, 'kube-system', 'coredns');
  return map?.data?.['Corefile'] ?? '';
}

/** Writes a Corefile and restarts CoreDNS, so that it counts at once (a reload takes up to two minutes). */
export async function writeCorefile(lab: LabView, corefile: string): Promise<void> {
  await patchCorefile(lab, corefile);
  await restart(lab, { namespace: 'kube-system', name: 'coredns' });
}

/** Writes a Corefile, as `kubectl edit` does; CoreDNS takes it up when it is restarted or reloads. */
export async function patchCorefile(lab: LabView, corefile: string): Promise<void> {
  await lab.kube.patch(
    resources.configMaps,
    'kube-system',
    'coredns',
    { data: { Corefile: corefile } },
    { type: 'merge', fieldManager: DEPLOYER },
  );
}

/** `kubectl rollout restart`. */
export async function restart(lab: LabView, of: { namespace: string; name: string }): Promise<void> {
  const annotations = {
    'kubectl.kubernetes.io/restartedAt': lab.clock.now().toISOString().slice(0, 19) + 'Z',
  };
  await lab.kube.patch(
    resources.deployments,
    of.namespace,
    of.name,
    { spec: { template: { metadata: { annotations } } } },
    { type: 'strategic', fieldManager: 'kubectl-rollout' },
  );
}

/**
 * Changes the Corefile and ends all CoreDNS pods, so that none is left with the old one: a pod that runs keeps its
 * configuration when it cannot load a new one, and a rollout keeps old pods until new ones are ready.
 */
export function corefileAtStart(change: (corefile: string) => string, describe: string): Fault {
  return {
    name: 'corefile-at-start',
    describe,
    inject: async (lab) => {
      const before = await readCorefile(lab);
      await patchCorefile(lab, change(before));
      await endCorednsPods(lab.kube);
      return async (again) => {
        await patchCorefile(again, before);
        await endCorednsPods(again.kube);
      };
    },
  };
}

/** Changes the Corefile, and restarts CoreDNS, so that the change counts at once. */
export function corefileChange(change: (corefile: string) => string, describe: string): Fault {
  return {
    name: 'corefile-change',
    describe,
    inject: async (lab) => {
      const before = await readCorefile(lab);
      await writeCorefile(lab, change(before));
      return (again) => writeCorefile(again, before);
    },
  };
}

/** Adds lines to the main server block of the Corefile, in front of its `kubernetes` plugin. */
export function corefileLines(lines: readonly string[], describe: string): Fault {
  const indented = lines.map((line) => `    ${line}\n`).join('');
  const change = (corefile: string): string => corefile.replace(/^ *kubernetes /m, (line) => indented + line);
  return { ...corefileChange(change, describe), name: 'corefile-lines' };
}
