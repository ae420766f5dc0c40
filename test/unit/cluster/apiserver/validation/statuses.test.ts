import { describe, expect, test } from '@jest/globals';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import type { AnyObject } from '../../../../../src/model/objects.ts';
import type { Resource } from '../../../../../src/model/resources.ts';
import { resource, resources } from '../../../../../src/model/resources.ts';

const NOT_NEGATIVE = 'must be greater than or equal to 0';

function object(rest: object): AnyObject {
  const metadata = { name: 'a', namespace: 'x', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'v1', kind: 'X', metadata, ...rest };
}

/** What a real cluster says to `kubectl patch --subresource=status`. */
function problemsOf(resource: Resource, status: object, before: object = {}, spec: object = {}): string[] {
  return validateObject(resource, object({ spec, status }), {
    operation: 'UPDATE',
    subresource: 'status',
    old: object({ spec, status: before }),
  }).map(({ field, detail }) => `${field}: ${detail}`);
}

describe('a status that cannot be', () => {
  test('of a Deployment: counts below zero and above the replicas', () => {
    const status = {
      readyReplicas: 5,
      availableReplicas: 6,
      updatedReplicas: 7,
      unavailableReplicas: -1,
      terminatingReplicas: -1,
      collisionCount: -2,
      observedGeneration: -1,
    };
    expect(problemsOf(resources.deployments, status)).toEqual([
      `status.observedGeneration: Invalid value: -1: ${NOT_NEGATIVE}`,
      `status.unavailableReplicas: Invalid value: -1: ${NOT_NEGATIVE}`,
      `status.terminatingReplicas: Invalid value: -1: ${NOT_NEGATIVE}`,
      `status.collisionCount: Invalid value: -2: ${NOT_NEGATIVE}`,
      'status.updatedReplicas: Invalid value: 7: cannot be greater than status.replicas',
      'status.readyReplicas: Invalid value: 5: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 6: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 6: cannot be greater than readyReplicas',
    ]);
    expect(problemsOf(resources.deployments, { collisionCount: 2 }, { collisionCount: 3 })).toEqual([
      'status.collisionCount: Invalid value: 2: cannot be decremented',
    ]);
    expect(problemsOf(resources.deployments, { replicas: 2, readyReplicas: 2, collisionCount: 1 })).toEqual(
      [],
    );
  });

  test('of a ReplicaSet and of a StatefulSet', () => {
    const status = { replicas: -1, readyReplicas: 5, fullyLabeledReplicas: 3, availableReplicas: -6 };
    expect(problemsOf(resources.replicaSets, status)).toEqual([
      `status.replicas: Invalid value: -1: ${NOT_NEGATIVE}`,
      `status.availableReplicas: Invalid value: -6: ${NOT_NEGATIVE}`,
      'status.fullyLabeledReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.readyReplicas: Invalid value: 5: cannot be greater than status.replicas',
    ]);
    expect(
      problemsOf(resources.statefulSets, { replicas: 8, readyReplicas: 2, availableReplicas: 7 }),
    ).toEqual(['status.availableReplicas: Invalid value: 7: cannot be greater than status.readyReplicas']);
  });

  test('of a Job: counters that go back', () => {
    expect(problemsOf(resources.jobs, { active: -1, failed: 1 }, { failed: 2, succeeded: 1 })).toEqual([
      `status.active: Invalid value: -1: ${NOT_NEGATIVE}`,
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
    ]);
  });

  test('of a Namespace that nobody deletes', () => {
    expect(problemsOf(resources.namespaces, { phase: 'Terminating' })).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
  });

  test('of a Service and of an Ingress: where the load balancer is', () => {
    const status = { loadBalancer: { ingress: [{ ip: '1.2.3' }, { hostname: '1.2.3.4' }] } };
    const at = 'status.loadBalancer.ingress';
    const wrong = [
      `${at}[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
      `${at}[1].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address`,
    ];
    expect(problemsOf(resource('networking.k8s.io', 'v1', 'ingresses', 'Ingress', true), status)).toEqual(
      wrong,
    );
    expect(problemsOf(resources.services, status, {}, { type: 'LoadBalancer' })).toEqual(wrong);
    expect(problemsOf(resources.services, status, {}, { type: 'ClusterIP' })).toEqual([
      `${at}: Forbidden: may only be used when \`spec.type\` is 'LoadBalancer'`,
    ]);
    const modes = {
      loadBalancer: {
        ingress: [
          { ip: '1.2.3.4', ipMode: 'Foo' },
          { hostname: 'a.b', ipMode: 'VIP' },
        ],
      },
    };
    expect(problemsOf(resources.services, modes, {}, { type: 'LoadBalancer' })).toEqual([
      `${at}[0].ipMode: Unsupported value: "Foo": supported values: "Proxy", "VIP"`,
      `${at}[1].ipMode: Forbidden: may not be specified when \`ip\` is not set`,
    ]);
  });
});
