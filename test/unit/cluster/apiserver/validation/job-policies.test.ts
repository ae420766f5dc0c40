import { describe, expect, test } from '@jest/globals';
import {
  checkIndexLimits,
  checkJobPolicies,
} from '../../../../../src/cluster/apiserver/validation/job-policies.ts';
import { Problems } from '../../../../../src/cluster/apiserver/validation/problems.ts';

type Spec = Parameters<typeof checkJobPolicies>[2];

function problemsOf(spec: Spec): string[] {
  const problems = new Problems();
  checkIndexLimits(problems, 'spec', spec);
  checkJobPolicies(problems, 'spec', spec);
  return problems.list.map(({ field, detail }) => `${field}: ${detail}`);
}

const indexed = { completionMode: 'Indexed', completions: 3 } as const;
const template = { spec: { containers: [{ name: 'app' }] } };

describe('the policies of a Job', () => {
  test('may be there', () => {
    expect(
      problemsOf({
        ...indexed,
        template,
        backoffLimitPerIndex: 1,
        maxFailedIndexes: 3,
        managedBy: 'example.com/queue',
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [
            { action: 'FailIndex', onExitCodes: { containerName: 'app', operator: 'In', values: [1, 42] } },
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
        successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 2 }] },
      }),
    ).toEqual([]);
    expect(problemsOf({ podReplacementPolicy: 'TerminatingOrFailed' })).toEqual([]);
  });

  test.each<[Spec, string[]]>([
    [
      { maxFailedIndexes: -1 },
      [
        'spec.maxFailedIndexes: Invalid value: -1: must be greater than or equal to 0',
        'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
        'spec.maxFailedIndexes: Invalid value: -1: requires indexed completion mode',
      ],
    ],
    [
      { ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 4 },
      ['spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions'],
    ],
    [
      { managedBy: 'me' },
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [{ managedBy: '' }, ['spec.managedBy: Required value']],
    [
      { podReplacementPolicy: 'TerminatingOrFailed', podFailurePolicy: { rules: [] } },
      ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
    ],
    [
      { podFailurePolicy: { rules: [{ action: 'FailIndex' }, {}] } },
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
        'spec.podFailurePolicy.rules[1].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
        'spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      ],
    ],
    [
      {
        template,
        podFailurePolicy: {
          rules: [
            {
              action: 'Count',
              onExitCodes: { containerName: 'other', operator: 'In', values: [3, 0, 3] },
              onPodConditions: [{ type: 'A', status: 'Maybe' }],
            },
            { action: 'Count', onExitCodes: { values: [] } },
          ],
        },
      },
      [
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 3',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [3,0,3]: must be ordered',
        'spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        'spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
        'spec.podFailurePolicy.rules[1].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
        'spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: []: at least one value is required',
      ],
    ],
    [
      { successPolicy: { rules: [] } },
      ['spec.successPolicy: Invalid value: {"rules":[]}: requires indexed completion mode'],
    ],
    [
      { ...indexed, successPolicy: { rules: [] } },
      [
        'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
      ],
    ],
    [
      { ...indexed, successPolicy: { rules: [{}, { succeededCount: 4, succeededIndexes: '1,2' }] } },
      [
        'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
        'spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
        'spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      ],
    ],
    ...[
      ['one', 'cannot convert string to integer for index: "one"'],
      ['1,', 'cannot convert string to integer for index: ""'],
      [
        '0-1-2',
        `the fragment "0-1-2" violates the requirement that an index interval can have at most two parts separated by '-'`,
      ],
      ['0-3', 'too large index: "3"'],
      ['2-1', 'non-increasing order, previous: 2, current: 1'],
      ['1,0', 'non-increasing order, previous: 1, current: 0'],
    ].map(([succeededIndexes = '', problem = '']): [object, string[]] => [
      { ...indexed, successPolicy: { rules: [{ succeededIndexes }] } },
      [
        `spec.successPolicy.rules[0].succeededIndexes: Invalid value: "${succeededIndexes}": error parsing succeededIndexes: ${problem}`,
      ],
    ]),
  ])('are refused: %j', (spec, problems) => {
    expect(problemsOf(spec)).toEqual(problems);
  });
});
