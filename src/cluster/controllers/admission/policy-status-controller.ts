import { edit } from '../../../core/json.ts';
import { policies } from '../../apiserver/policies/objects.ts';
import { typeWarnings } from '../../apiserver/policies/type-checking.ts';
import type { Controller, ControllerContext } from '../controller.ts';
import { WorkQueue } from '../work-queue.ts';

/**
 * Looks whether the expressions of policies fit the kinds that they are about, and says so in their status.
 * https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/#type-checking
 */
export function createPolicyStatusController({ api, simulation, watches }: ControllerContext): Controller {
  const queue = new WorkQueue(simulation, 'validatingadmissionpolicy-status', sync);

  function sync(name: string): void {
    const policy = api.get(policies.validating, undefined, name);
    if (policy === undefined) return;
    const { generation } = policy.metadata;
    if (policy.status?.observedGeneration === generation) return;
    const expressionWarnings = typeWarnings(policy, api);
    api.updateStatus(
      policies.validating,
      edit(policy, (draft) => {
        draft.status = {
          ...draft.status,
          ...(generation !== undefined && { observedGeneration: generation }),
          typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
        };
      }),
    );
  }

  return {
    name: 'validatingadmissionpolicy-status-controller',
    start: () => {
      watches.on(policies.validating, ({ type, object }) => {
        if (type !== 'DELETED') queue.add(object.metadata.name);
      });
    },
  };
}
