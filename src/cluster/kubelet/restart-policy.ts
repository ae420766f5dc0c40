import type { Container, Pod } from '../../model/objects.ts';

/**
 * Whether a container that ended with an exit code is to run again: by the first of its own rules that fits, by its
 * own policy, or else by the pod's.
 * https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#individual-container-restart-policy
 */
export function restartsAfter(pod: Pod, container: Container, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container;
  if (restartPolicy !== undefined && restartPolicyRules.some((rule) => fits(rule, exitCode))) return true;
  const policy = restartPolicy ?? pod.spec.restartPolicy;
  if (policy === 'OnFailure') return exitCode !== 0;
  return policy === 'Always';
}

/** Whether a container that was killed for a failed probe runs again. */
export function restartsAfterProbe(pod: Pod, container: Container): boolean {
  return (container.restartPolicy ?? pod.spec.restartPolicy) !== 'Never';
}

type Rule = NonNullable<Container['restartPolicyRules']>[number];

function fits({ exitCodes }: Rule, exitCode: number): boolean {
  if (exitCodes === undefined) return false;
  return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In');
}
