import type { ContainerStatus, Job, Pod, PodFailurePolicyRule } from '../../../model/objects.ts';

/** What becomes of a pod that has failed. */
interface FailureMatch {
  /** Why the whole Job fails with it. */
  readonly message?: string;
  /** Whether it counts towards the limits. */
  readonly counts: boolean;
  readonly action?: PodFailurePolicyRule['action'];
}

/** What the policy of a Job says to a pod that has failed: the first rule that fits. */
export function matchFailurePolicy({ spec }: Job, pod: Pod): FailureMatch {
  for (const [index, { action, onExitCodes, onPodConditions }] of (
    spec.podFailurePolicy?.rules ?? []
  ).entries()) {
    const { namespace = '', name } = pod.metadata;
    const rule = `matching ${action} rule at index ${index}`;
    if (onExitCodes !== undefined) {
      const container = containerWith(pod, onExitCodes);
      if (container === undefined) continue;
      const code = container.state.terminated?.exitCode ?? 0;
      return outcome(
        action,
        `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code} ${rule}`,
      );
    }
    const condition = pod.status.conditions?.find(({ type, status }) =>
      onPodConditions?.some((pattern) => pattern.type === type && pattern.status === status),
    );
    if (condition === undefined) continue;
    return outcome(action, `Pod ${namespace}/${name} has condition ${condition.type} ${rule}`);
  }
  return { counts: true };
}

function outcome(action: PodFailurePolicyRule['action'], message: string): FailureMatch {
  return { action, counts: action !== 'Ignore', ...(action === 'FailJob' && { message }) };
}

/** Containers before those that initialize. */
function containerWith(
  { status }: Pod,
  { containerName, operator, values }: NonNullable<PodFailurePolicyRule['onExitCodes']>,
): ContainerStatus | undefined {
  return [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find(
    ({ name, state }) => {
      const code = state.terminated?.exitCode ?? 0;
      if (code === 0 || (containerName !== undefined && containerName !== name)) return false;
      return values.includes(code) === (operator === 'In');
    },
  );
}

/** Whether a pod is replaced when it has failed only, not already while it terminates. */
export function replacesFailedOnly({ spec }: Job): boolean {
  return spec.podReplacementPolicy === 'Failed' || spec.podFailurePolicy !== undefined;
}

/** Whether a pod has failed, or is deleted before it could end. */
export function isPodFailed(job: Job, { metadata, status }: Pod): boolean {
  if (status.phase === 'Failed') return true;
  if (replacesFailedOnly(job)) return false;
  return metadata.deletionTimestamp !== undefined && status.phase !== 'Succeeded';
}
