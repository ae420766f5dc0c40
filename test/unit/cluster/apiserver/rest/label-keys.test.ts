import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../../../src/model/objects.ts';
import { send, startApiServer } from '../harness.ts';

const PODS = '/api/v1/namespaces/default/pods';
const topologyKey = 'kubernetes.io/hostname';
const labels = { app: 'web', hash: 'abc' };
const selector = { matchLabels: { app: 'web' } };

/** A pod as the server stores it. */
function made(spec: object): Pod['spec'] {
  const containers = [{ name: 'app', image: 'nginx:1' }];
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels },
    spec: { containers, ...spec },
  };
  return (send(startApiServer(), 'POST', PODS, pod).body as unknown as Pod).spec;
}

describe('label keys of rules about other pods', () => {
  test('become parts of the selectors of affinity terms', () => {
    const term = {
      labelSelector: selector,
      topologyKey,
      matchLabelKeys: ['hash', 'none'],
      mismatchLabelKeys: ['app'],
    };
    const rules = {
      requiredDuringSchedulingIgnoredDuringExecution: [term],
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }],
    };
    const matchExpressions = [
      { key: 'hash', operator: 'In', values: ['abc'] },
      { key: 'app', operator: 'NotIn', values: ['web'] },
    ];
    const merged = { ...term, labelSelector: { ...selector, matchExpressions } };
    const both = {
      requiredDuringSchedulingIgnoredDuringExecution: [merged],
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: merged }],
    };
    expect(made({ affinity: { podAffinity: rules, podAntiAffinity: rules } }).affinity).toEqual({
      podAffinity: both,
      podAntiAffinity: both,
    });
  });

  test('and of spread constraints, behind what is there', () => {
    const own = { key: 'tier', operator: 'Exists' };
    const rule = { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['hash'] };
    const spec = made({
      topologySpreadConstraints: [{ ...rule, labelSelector: { matchExpressions: [own] } }],
    });
    expect(spec.topologySpreadConstraints?.[0]?.labelSelector).toEqual({
      matchExpressions: [own, { key: 'hash', operator: 'In', values: ['abc'] }],
    });
  });

  test('no selector stays none', () => {
    const podAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] };
    expect(made({ affinity: { podAffinity } }).affinity).toEqual({ podAffinity });
  });
});
