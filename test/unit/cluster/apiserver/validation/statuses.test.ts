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

  test('of a node: parts of what is counted, less than nothing, an address twice', () => {
    const address = { type: 'InternalIP', address: '1.1.1.1' };
    const status = {
      capacity: { cpu: '-1', 'example.com/dongle': '1.5', pods: '1.5', 'a.kubernetes.io/b': '1.5' },
      allocatable: { memory: '-1' },
      addresses: [address, address, { ...address, type: 'ExternalIP' }],
    };
    expect(problemsOf(resources.nodes, status)).toEqual([
      `status.capacity.cpu: Invalid value: "-1": ${NOT_NEGATIVE}`,
      'status.capacity.example.com/dongle: Invalid value: "1500m": must be an integer',
      'status.capacity.pods: Invalid value: "1500m": must be an integer',
      `status.allocatable.memory: Invalid value: "-1": ${NOT_NEGATIVE}`,
      'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"1.1.1.1"}',
    ]);
  });

  test('of a quota: as its limits', () => {
    const status = {
      hard: { foo: '3', pods: '1.5' },
      used: { 'example.com/a': '1.5', 'limits.cpu': '-1' },
    };
    expect(problemsOf(resources.resourceQuotas, status)).toEqual([
      'status.hard[foo]: Invalid value: "foo": must be a standard resource type or fully qualified',
      'status.hard[foo]: Invalid value: "foo": must be a standard resource for quota',
      'status.hard[pods]: Invalid value: "1500m": must be an integer',
      'status.used[example.com/a]: Invalid value: "1500m": must be an integer',
      `status.used[limits.cpu]: Invalid value: "-1": ${NOT_NEGATIVE}`,
    ]);
  });
});

describe('the status of a Job that is over', () => {
  const at = (second: number): string => `2026-11-28T09:00:0${second}Z`;
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True' }));
  const over = { startTime: at(1), completionTime: at(3), succeeded: 1, conditions };
  const spec = { completions: 1, parallelism: 1, completionMode: 'NonIndexed' };
  const change = (status: object, before: object = over): string[] =>
    problemsOf(resources.jobs, { ...before, ...status }, before, spec);

  test('has no pods', () => {
    expect(change({ active: 1 })).toEqual([
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
    ]);
    expect(change({ ready: 1 })).toEqual([
      'status.ready: Invalid value: 1: cannot set more ready pods than active',
    ]);
    expect(change({ terminating: 1 })).toEqual([
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
    ]);
    expect(change({ uncountedTerminatedPods: { succeeded: ['a'] } })).toEqual([
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":["a"],"Failed":null}: must be empty for finished job',
    ]);
  });

  test('stays over', () => {
    expect(change({ conditions: [] })).toEqual([
      `status.completionTime: Invalid value: "${at(3)}": cannot set completionTime when there is no Complete=True condition`,
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
      'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
    ]);
    expect(change({ completionTime: undefined, active: 1, succeeded: 0 })).toEqual([
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
    ]);
    expect(change({ completionTime: at(4) })).toEqual([
      `status.completionTime: Invalid value: "${at(4)}": completionTime cannot be mutated`,
    ]);
    expect(change({ startTime: undefined })).toEqual([
      'status.startTime: Required value: startTime is required for finished job',
      'status.startTime: Required value: startTime cannot be removed for unsuspended job',
    ]);
  });

  test('names indexes that there are', () => {
    expect(change({ completedIndexes: '1-' })).toEqual([
      'status.completedIndexes: Invalid value: "1-": error parsing completedIndexes: too large index: "1"',
      'status.completedIndexes: Invalid value: "1-": cannot set non-empty completedIndexes when non-indexed completion mode',
    ]);
    expect(change({ failedIndexes: '0' })).toEqual([
      'status.failedIndexes: Invalid value: "0": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ]);
  });

  test('says first why it is over', () => {
    const running = { startTime: at(1), active: 1 };
    const [met, complete] = conditions;
    expect(change({ conditions: [complete] }, running)).toEqual([
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
    ]);
    expect(change({ conditions: [{ type: 'Failed', status: 'True' }, met], active: 0 }, running)).toEqual([
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
    ]);
    expect(change({ conditions, completionTime: at(0), active: 0 }, running)).toEqual([
      `status.completionTime: Invalid value: "${at(0)}": completionTime cannot be set before startTime`,
    ]);
  });

  test('may break a rule where it has before', () => {
    expect(change({ succeeded: 2 }, { ...over, active: 1, completedIndexes: '7' })).toEqual([]);
  });
});
