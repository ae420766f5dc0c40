import { expect, test } from '@jest/globals';
import {
  policies,
  type ValidatingAdmissionPolicy,
} from '../../../../src/cluster/apiserver/policies/objects.ts';
import { World } from '../support/world.ts';

test('the status of a policy says what its expressions get wrong, once for each of its generations', async () => {
  const world = new World().start('validatingadmissionpolicy-status');
  const policy = (expression: string): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p', generation: 1 },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }],
      },
      validations: [{ expression }],
    },
  });
  const current = (): ValidatingAdmissionPolicy => {
    const found = world.api.get(policies.validating, undefined, 'p');
    if (found === undefined) throw new Error('no policy');
    return found;
  };
  world.api.create(policies.validating, policy('object.spec.replicas > 1') as never);
  await world.seconds(1);
  expect(current().status).toEqual({ observedGeneration: 1, typeChecking: {} });
  world.api.update(policies.validating, {
    ...current(),
    metadata: { ...current().metadata, generation: 2 },
    spec: { ...current().spec, validations: [{ expression: "object.spec.replicas > '1'" }] },
  });
  await world.seconds(1);
  expect(current().status).toMatchObject({
    observedGeneration: 2,
    typeChecking: {
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: expect.stringContaining(
            "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
          ) as unknown,
        },
      ],
    },
  });
});
