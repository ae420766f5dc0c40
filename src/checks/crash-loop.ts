import type { Pod } from '../model/objects.ts';
import { resources } from '../model/resources.ts';
import { type Check, fail, type LabView, pass } from './check.ts';
import { podsOf, type WorkloadRef } from './workloads.ts';

/**
 * Every pod of the Deployment ends again and again (a symptom), and the log of its last run has these words.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
 */
export function crashLoops(of: WorkloadRef, words: string): Check {
  return {
    expected: `pods of deployment/${of.name} crash again and again and say "${words}"`,
    look: async (lab) => {
      const deployment = await lab.kube.get(resources.deployments, of.namespace, of.name);
      if (deployment === undefined) return fail(`deployment/${of.name} does not exist`);
      const pods = (await podsOf(lab, deployment)).current;
      const backingOff = pods.filter(isBackingOff);
      if (pods.length === 0 || backingOff.length < pods.length)
        return fail(`${backingOff.length} of ${pods.length} pods wait in CrashLoopBackOff`);
      const logs = await Promise.all(backingOff.map((pod) => lastWords(lab, pod)));
      return logs.every((log) => log.includes(words))
        ? pass(`${pods.length} pods wait in CrashLoopBackOff`)
        : fail(`the log of a pod does not have "${words}"`);
    },
  };
}

function isBackingOff({ status }: Pod): boolean {
  return (status.containerStatuses ?? []).some(({ state }) => state.waiting?.reason === 'CrashLoopBackOff');
}

/** The log of a container that waits for its next start is that of its last run. */
function lastWords(lab: LabView, { metadata }: Pod): Promise<string> {
  return lab.kube.logs(metadata.namespace ?? '', metadata.name);
}
