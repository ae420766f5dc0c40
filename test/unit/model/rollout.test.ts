import { describe, expect, test } from '@jest/globals';
import type { Deployment } from '../../../src/model/objects.ts';
import { isRolledOut } from '../../../src/model/rollout.ts';

const whole = { observedGeneration: 3, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const deployment = (status: object, replicas = 2): Deployment =>
  ({ metadata: { name: 'web', generation: 3 }, spec: { replicas }, status }) as unknown as Deployment;

describe('a Deployment is rolled out', () => {
  test('when all its pods, and no others, have the newest template and are available', () => {
    expect(isRolledOut(deployment(whole))).toBe(true);
    // A real server leaves out counts of 0.
    expect(isRolledOut(deployment({ observedGeneration: 3 }, 0))).toBe(true);
  });

  test.each<[string, object]>([
    ['the newest change is not observed', { observedGeneration: 2 }],
    ['an old pod is left', { replicas: 3 }],
    ['a pod has an old template', { updatedReplicas: 1 }],
    ['a pod is not available', { availableReplicas: 1 }],
  ])('not while %s', (_what, status) => {
    expect(isRolledOut(deployment({ ...whole, ...status }))).toBe(false);
  });
});
