import type { AnyObject, Condition, Pod, PodDisruptionBudget } from '../../../model/objects.ts';
import { matchesSelector } from '../../../model/selector.ts';
import { decodeBody } from '../http/decoding.ts';
import { deleteOptions, writeOptions } from '../http/options.ts';
import { plainResponse } from '../rest/representation.ts';
import { decodingContext, targetOf, writeContext } from '../rest/resource-request.ts';
import type { ResourceRequest, RestParts } from '../rest/resource-request.ts';
import { badRequest, notFound, statusError, tooManyRequests } from '../status.ts';
import type { ApiResponse } from '../types.ts';

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' };
const BUDGETS = 'poddisruptionbudgets.policy';
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget.";
/** How long a client waits for the controller to look at a new budget. */
const UNOBSERVED_RETRY_SECONDS = 10;

type Budget = AnyObject & PodDisruptionBudget;

/**
 * POST `pods/eviction`: a deletion that asks the disruption budgets first, and counts itself in them.
 * https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
 */
export function evict(parts: RestParts, request: ResourceRequest): ApiResponse {
  const { info, name } = request;
  const write = writeOptions(request.query, 'CreateOptions');
  const eviction = decodeBody(request.http, EVICTION, decodingContext(parts, request, write));
  const sentName = (eviction.metadata as { name?: string }).name ?? '';
  if (sentName !== '' && sentName !== name)
    throw badRequest('name in URL does not match name in Eviction object');
  const options = deleteOptions(request.query, eviction['deleteOptions']);
  const target = targetOf(parts, request);
  const pod = parts.store.get(info.storage, target.namespace, name) as (AnyObject & Pod) | undefined;
  if (pod === undefined) throw notFound(info.resource, name);
  const context = { ...writeContext(request, write), dryRun: write.dryRun || options.dryRun };
  if (needsBudget(pod)) {
    const budget = budgetOf(parts, pod);
    if (budget !== undefined && !mayGoAnyway(pod, budget)) takeFrom(parts, budget, pod, context.dryRun);
  }
  if (!context.dryRun) markDisrupted(parts, request, pod);
  parts.deleter.delete(context, target, options);
  return plainResponse(request, 201, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    code: 201,
  });
}

/** What is over, has not started or goes anyway takes nothing from a budget. */
function needsBudget({ metadata, status }: Pod): boolean {
  return status.phase === 'Running' && metadata.deletionTimestamp === undefined;
}

function budgetOf(parts: RestParts, pod: Pod): Budget | undefined {
  const budgets = (parts.store.list(BUDGETS, pod.metadata.namespace) as Budget[]).filter(({ spec }) =>
    matchesSelector(spec.selector, pod.metadata.labels),
  );
  if (budgets.length > 1) {
    throw statusError(
      500,
      undefined,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  return budgets[0];
}

/** A pod that is not ready is not counted as healthy, and may go when the others are enough. */
function mayGoAnyway(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  const ready = pod.status.conditions?.some(
    ({ type, status: value }) => type === 'Ready' && value === 'True',
  );
  if (ready === true) return false;
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  return status.currentHealthy >= status.desiredHealthy && status.desiredHealthy > 0;
}

function takeFrom(parts: RestParts, budget: Budget, pod: Pod, dryRun: boolean): void {
  const { metadata, status } = budget;
  const refuse = (text: string, seconds?: number): Error => {
    const details = {
      causes: [{ reason: 'DisruptionBudget', message: `The disruption budget ${metadata.name} ${text}` }],
    };
    if (seconds === undefined) return statusError(429, 'TooManyRequests', REFUSED, details);
    return tooManyRequests(REFUSED, seconds, details);
  };
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw refuse('is still being processed by the server.', UNOBSERVED_RETRY_SECONDS);
  }
  if (status.disruptionsAllowed <= 0) throw refuse(whyNone(status));
  if (dryRun) return;
  const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: parts.simulation.timestamp() };
  parts.store.put(BUDGETS, {
    ...budget,
    status: { ...status, disruptionsAllowed: status.disruptionsAllowed - 1, disruptedPods },
  });
}

function whyNone({ conditions = [], currentHealthy, desiredHealthy }: PodDisruptionBudget['status']): string {
  const condition = conditions.find(({ type }) => type === 'DisruptionAllowed');
  if (condition?.status === 'False' && condition.reason === 'SyncFailed') {
    return `does not allow evicting pods currently because it failed sync: ${condition.message ?? ''}`;
  }
  return `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
}

/** Notes on the pod why it goes. */
function markDisrupted(parts: RestParts, { info }: ResourceRequest, pod: AnyObject & Pod): void {
  if ((pod.spec.nodeName ?? '') === '') return;
  const condition: Condition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: parts.simulation.timestamp(),
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  const conditions = (pod.status.conditions ?? []).filter(({ type }) => type !== condition.type);
  parts.store.put(info.storage, {
    ...pod,
    status: { ...pod.status, conditions: [...conditions, condition] },
  });
}
