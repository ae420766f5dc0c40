import { expect, test } from '@jest/globals';
import { typeWarnings } from '../../../../../src/cluster/apiserver/policies/type-checking.ts';
import type { ValidatingAdmissionPolicy } from '../../../../../src/cluster/apiserver/policies/objects.ts';
import type { StateReader } from '../../../../../src/cluster/apiserver/pipeline.ts';

const crontabs = {
  metadata: { name: 'crontabs.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'crontabs', kind: 'CronTab' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { replicas: { type: 'integer' } } } },
          },
        },
      },
    ],
  },
};
const api = { list: () => [crontabs] } as unknown as StateReader;

function warnings(
  rule: readonly [group: string, version: string, resource: string],
  spec: object,
): readonly { fieldRef: string; warning: string }[] {
  const [group, version, resource] = rule;
  const policy = {
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [group], apiVersions: [version], resources: [resource] }],
      },
      ...spec,
    },
  } as unknown as ValidatingAdmissionPolicy;
  return typeWarnings(policy, api);
}

test('expressions that fit the kinds of a policy are not warned of', () => {
  const fitting = {
    variables: [{ name: 'pods', expression: 'object.spec.template.spec' }],
    validations: [
      {
        expression:
          "object.spec.replicas > 1 && variables.pods.containers.all(c, c.image.startsWith('x') && c.ports.size() < 3)",
        messageExpression: "'at ' + string(object.metadata.creationTimestamp) + object.metadata.labels['a']",
      },
    ],
  };
  expect(warnings(['apps', 'v1', 'deployments'], fitting)).toEqual([]);
});

test('those that do not are, with their place and the kind', () => {
  const confused = {
    validations: [
      { expression: "object.spec.replicas > '1'", messageExpression: "'got ' + object.spec.replicas" },
      { expression: 'object.spec.maxRetries < 10' },
    ],
  };
  expect(warnings(['example.com', 'v1', 'crontabs'], confused)).toEqual([
    {
      fieldRef: 'spec.validations[0].expression',
      warning:
        "example.com/v1, Kind=CronTab: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
    },
    {
      fieldRef: 'spec.validations[0].messageExpression',
      warning:
        "example.com/v1, Kind=CronTab: ERROR: <input>:1:8: found no matching overload for '_+_' applied to '(string, int)'\n | 'got ' + object.spec.replicas\n | .......^\n",
    },
    {
      fieldRef: 'spec.validations[1].expression',
      warning:
        "example.com/v1, Kind=CronTab: ERROR: <input>:1:12: undefined field 'maxRetries'\n | object.spec.maxRetries < 10\n | ...........^\n",
    },
  ]);
});

test('a policy for everything is checked against nothing', () => {
  expect(warnings(['*', '*', '*'], { validations: [{ expression: 'object.nope.nope' }] })).toEqual([]);
});
