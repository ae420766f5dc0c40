import { describe, expect, test } from '@jest/globals';
import { admissionPlugins } from '../../../../../src/cluster/apiserver/admission/plugins.ts';
import { applyDefaults } from '../../../../../src/cluster/apiserver/defaults/defaults.ts';
import type { PipelineStages } from '../../../../../src/cluster/apiserver/pipeline.ts';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import type { WebhookAnswers } from '../../../../../src/cluster/apiserver/webhooks/answers.ts';
import type { RandomStreams } from '../../../../../src/core/random.ts';
import { type Answer, type Running, send, startApiServer } from '../harness.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const MAPS = '/api/v1/namespaces/default/configmaps';

/** Only `root` may do what is asked; a service account may get what is asked for. */
const authorizer: PipelineStages['authorizer'] = {
  authorize: ({ name }, { verb }) => ({
    allowed: name === 'root' || verb === 'get',
    reason: name === 'root' ? '' : 'no rule',
  }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [] }),
};

function start(): Running {
  const stages = (answers: WebhookAnswers, random: RandomStreams): Partial<PipelineStages> => ({
    applyDefaults,
    validateObject,
    authorizer,
    admissionPlugins: admissionPlugins({ random, authorizer, asking: { answers, applyDefaults } }),
  });
  const running = startApiServer(stages);
  send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'default', labels: { team: 'a' } } });
  return running;
}

const rules = (resource: string, more: object = {}): object => ({
  resourceRules: [
    {
      apiGroups: ['*'],
      apiVersions: ['*'],
      operations: ['CREATE', 'UPDATE'],
      resources: [resource],
      ...more,
    },
  ],
});

function validating(running: Running, spec: object, binding: object = {}): Answer {
  const answer = send(running, 'POST', `${ADMISSION}/validatingadmissionpolicies`, {
    metadata: { name: 'policy' },
    spec: { matchConstraints: rules('configmaps'), ...spec },
  });
  if (answer.status !== 201) return answer;
  return send(running, 'POST', `${ADMISSION}/validatingadmissionpolicybindings`, {
    metadata: { name: 'binding' },
    spec: { policyName: 'policy', validationActions: ['Deny'], ...binding },
  });
}

function mutating(running: Running, name: string, spec: object): Answer {
  const answer = send(running, 'POST', `${ADMISSION}/mutatingadmissionpolicies`, {
    metadata: { name },
    spec: { matchConstraints: rules('configmaps'), reinvocationPolicy: 'Never', ...spec },
  });
  if (answer.status !== 201) return answer;
  return send(running, 'POST', `${ADMISSION}/mutatingadmissionpolicybindings`, {
    metadata: { name: `${name}-binding` },
    spec: { policyName: name },
  });
}

const apply = (expression: string): object => ({
  mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
});
const patches = (expression: string): object => ({
  mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
});

const map = (name: string, data: object = {}, labels: object = {}): object => ({
  metadata: { name, labels },
  data,
});
const deployment = (name: string, replicas: number): object => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'shop:1' }] },
    },
  },
});

const message = ({ body }: Answer): unknown => body['message'];

describe('validating policies', () => {
  test('refuse in the words of the policy, with the code of its reason', () => {
    const running = start();
    validating(running, {
      matchConstraints: rules('deployments'),
      validations: [{ expression: 'object.spec.replicas <= 5', reason: 'Forbidden' }],
    });
    expect(send(running, 'POST', DEPLOYMENTS, deployment('small', 5)).status).toBe(201);
    const refused = send(running, 'POST', DEPLOYMENTS, deployment('big', 6));
    const words =
      "ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request: failed expression: object.spec.replicas <= 5";
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({
      reason: 'Forbidden',
      message: `deployments.apps "big" is forbidden: ${words}`,
      details: { name: 'big', group: 'apps', kind: 'deployments', causes: [{ message: words }] },
    });
  });

  test.each([
    ['its message', { message: 'not this one' }, 'not this one'],
    ['its expression', { messageExpression: "'not ' + object.metadata.name" }, 'not bad'],
    [
      'the message where the expression fails',
      { message: 'm', messageExpression: 'string(object.nope)' },
      'm',
    ],
    ['the message where the expression says nothing', { message: 'm', messageExpression: "' '" }, 'm'],
    ['the expression of the rule', {}, "failed expression: object.metadata.name != 'bad'"],
  ])('say %s', (_what, more, words) => {
    const running = start();
    validating(running, { validations: [{ expression: "object.metadata.name != 'bad'", ...more }] });
    expect(send(running, 'POST', MAPS, map('good')).status).toBe(201);
    const refused = send(running, 'POST', MAPS, map('bad'));
    expect(refused.status).toBe(422);
    expect(message(refused)).toBe(
      `configmaps "bad" is forbidden: ValidatingAdmissionPolicy 'policy' with binding 'binding' denied request: ${words}`,
    );
  });

  test('see the old object, the request, the namespace, and variables that are run when they are needed', () => {
    const running = start();
    validating(running, {
      variables: [
        { name: 'wrong', expression: 'object.nope.nope' },
        { name: 'team', expression: 'namespaceObject.metadata.labels.team' },
        { name: 'isTeamA', expression: "variables.team == 'a'" },
      ],
      validations: [
        {
          expression: "request.operation == 'CREATE' || oldObject.data.a == object.data.a",
          message: 'a changed',
        },
        { expression: "variables.isTeamA && request.userInfo.username == 'root'" },
        { expression: "object.metadata.name != 'wrong' || variables.wrong" },
      ],
    });
    expect(send(running, 'POST', MAPS, map('one', { a: '1' })).status).toBe(201);
    expect(send(running, 'PUT', `${MAPS}/one`, map('one', { a: '1', b: '2' })).status).toBe(200);
    expect(message(send(running, 'PUT', `${MAPS}/one`, map('one', { a: '2' })))).toContain(
      'request: a changed',
    );
    expect(message(send(running, 'POST', MAPS, map('wrong')))).toContain(
      "denied request: expression 'object.metadata.name != 'wrong' || variables.wrong' resulted in error: composited variable \"wrong\" fails to evaluate: no such key: nope",
    );
  });

  test('that only warn or audit let pass', () => {
    const running = start();
    validating(
      running,
      { validations: [{ expression: 'false', message: 'no' }] },
      { validationActions: ['Warn', 'Audit'] },
    );
    const answer = send(running, 'POST', MAPS, map('one'));
    expect(answer.status).toBe(201);
    expect(answer.headers['warning']).toContain(
      "Validation failed for ValidatingAdmissionPolicy 'policy' with binding 'binding': no",
    );
  });

  test.each([
    ['Fail', 422],
    ['Ignore', 201],
  ])('whose expression fails: %s', (failurePolicy, status) => {
    const running = start();
    validating(running, { failurePolicy, validations: [{ expression: 'object.nope == 1' }] });
    expect(send(running, 'POST', MAPS, map('one')).status).toBe(status);
  });

  test.each<[string, object, object, boolean]>([
    ['the labels of the object', { objectSelector: { matchLabels: { on: 'yes' } } }, {}, false],
    ['the labels of its namespace', { namespaceSelector: { matchLabels: { team: 'b' } } }, {}, false],
    ['an exclusion', { excludeResourceRules: [{ ...rules('configmaps') }] }, {}, true],
    ['the binding', {}, { matchResources: { namespaceSelector: { matchLabels: { team: 'b' } } } }, false],
  ])('hear nothing of what does not match %s', (_what, constraints, binding, isBroken) => {
    const running = start();
    const excluded = isBroken
      ? {
          excludeResourceRules: [
            {
              apiGroups: [''],
              apiVersions: ['v1'],
              operations: ['*'],
              resources: ['configmaps'],
              resourceNames: ['one'],
            },
          ],
        }
      : constraints;
    const answer = validating(
      running,
      { matchConstraints: { ...rules('configmaps'), ...excluded }, validations: [{ expression: 'false' }] },
      binding,
    );
    expect(answer.status).toBe(201);
    expect(send(running, 'POST', MAPS, map('one')).status).toBe(201);
  });

  test('conditions decide whether they are asked', () => {
    const running = start();
    validating(running, {
      matchConditions: [{ name: 'not-mine', expression: "!object.metadata.name.startsWith('my-')" }],
      validations: [{ expression: 'false' }],
    });
    expect(send(running, 'POST', MAPS, map('my-one')).status).toBe(201);
    expect(send(running, 'POST', MAPS, map('one')).status).toBe(422);
  });

  test('parameters are other objects', () => {
    const running = start();
    validating(
      running,
      {
        matchConstraints: rules('deployments'),
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [
          {
            expression: 'object.spec.replicas <= int(params.data.most)',
            messageExpression: "'at most ' + params.data.most",
          },
        ],
      },
      { paramRef: { name: 'limits', parameterNotFoundAction: 'Deny' } },
    );
    expect(message(send(running, 'POST', DEPLOYMENTS, deployment('web', 1)))).toContain(
      'denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
    send(running, 'POST', MAPS, map('limits', { most: '2' }));
    expect(send(running, 'POST', DEPLOYMENTS, deployment('web', 2)).status).toBe(201);
    expect(message(send(running, 'POST', DEPLOYMENTS, deployment('more', 3)))).toContain(
      'denied request: at most 2',
    );
  });

  test('parameters may be several, by their labels, or none', () => {
    const running = start();
    validating(
      running,
      {
        matchConstraints: rules('secrets'),
        paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
        validations: [
          {
            expression: 'object.metadata.name != params.data.not',
            messageExpression: 'string(params.data.not)',
          },
        ],
      },
      { paramRef: { selector: { matchLabels: { of: 'policy' } }, parameterNotFoundAction: 'Allow' } },
    );
    const secrets = '/api/v1/namespaces/default/secrets';
    expect(send(running, 'POST', secrets, { metadata: { name: 'a' } }).status).toBe(201);
    send(running, 'POST', MAPS, map('p1', { not: 'x' }, { of: 'policy' }));
    send(running, 'POST', MAPS, map('p2', { not: 'y' }, { of: 'policy' }));
    expect(send(running, 'POST', secrets, { metadata: { name: 'b' } }).status).toBe(201);
    expect(message(send(running, 'POST', secrets, { metadata: { name: 'y' } }))).toContain(
      'denied request: y',
    );
  });

  test('of parameters that nobody knows stand in the way themselves', () => {
    const running = start();
    const paramKind = { apiVersion: 'rules.example.com/v1', kind: 'Limit' };
    const why =
      "failed to configure policy: failed to find resource referenced by paramKind: 'rules.example.com/v1, Kind=Limit'";
    validating(running, { paramKind, validations: [{ expression: 'true' }] });
    expect(message(send(running, 'POST', MAPS, map('one')))).toBe(
      `configmaps "one" is forbidden: ValidatingAdmissionPolicy 'policy' denied request: ${why}`,
    );
    const other = start();
    mutating(other, 'm', { paramKind, ...apply('Object{}') });
    expect(message(send(other, 'POST', MAPS, map('one')))).toBe(`policy "m" denied request: ${why}`);
  });

  test('ask who may do what', () => {
    const running = start();
    validating(running, {
      validations: [
        { expression: "authorizer.requestResource.check('delete').allowed()", message: 'user' },
        {
          expression:
            "authorizer.serviceAccount('default', 'x').group('apps').resource('deployments').namespace('default').check(object.data.verb).allowed()",
          message: 'account',
        },
      ],
    });
    expect(send(running, 'POST', MAPS, map('one', { verb: 'get' })).status).toBe(201);
    expect(message(send(running, 'POST', MAPS, map('two', { verb: 'delete' })))).toContain(
      'denied request: ',
    );
  });

  test('one that costs too much is a failure', () => {
    const running = start();
    validating(running, {
      validations: [
        {
          expression: `lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, a + b + c >= 0)))`,
        },
      ],
    });
    expect(message(send(running, 'POST', MAPS, map('one')))).toContain(
      'resulted in error: operation cancelled: actual cost limit exceeded',
    );
  });

  test('nobody locks themselves out', () => {
    const running = start();
    validating(running, { matchConstraints: rules('*'), validations: [{ expression: 'false' }] });
    const url = `${ADMISSION}/validatingadmissionpolicies/policy`;
    expect(send(running, 'DELETE', url).status).toBe(200);
  });
});

describe('what is no policy is refused', () => {
  const invalid = (field: string, expression: string, why: string): string =>
    `${field}: Invalid value: ${JSON.stringify(expression)}: ${why}`;

  test.each<[object, string]>([
    [
      { validations: [{ expression: 'object.x > ' }] },
      invalid(
        'spec.validations[0].expression',
        'object.x > ',
        "compilation failed: ERROR: <input>:1:12: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | object.x > \n | ...........^",
      ),
    ],
    [
      { validations: [{ expression: 'params.x' }] },
      invalid(
        'spec.validations[0].expression',
        'params.x',
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x\n | ^",
      ),
    ],
    [
      { validations: [{ expression: '1 + 1' }] },
      invalid('spec.validations[0].expression', '1 + 1', 'must evaluate to bool but got int'),
    ],
    [
      { validations: [{ expression: 'request.nope == 1' }] },
      invalid(
        'spec.validations[0].expression',
        'request.nope == 1',
        "compilation failed: ERROR: <input>:1:8: undefined field 'nope'\n | request.nope == 1\n | .......^",
      ),
    ],
    [
      { validations: [{ expression: 'variables.nope == 1' }] },
      invalid(
        'spec.validations[0].expression',
        'variables.nope == 1',
        "compilation failed: ERROR: <input>:1:10: undefined field 'nope'\n | variables.nope == 1\n | .........^",
      ),
    ],
    [
      { validations: [{ expression: 'true', messageExpression: '1' }] },
      invalid('spec.validations[0].messageExpression', '1', 'must evaluate to string but got int'),
    ],
    [
      { validations: [{ expression: 'true', messageExpression: 'authorizer.x' }] },
      invalid(
        'spec.validations[0].messageExpression',
        'authorizer.x',
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'authorizer' (in container '')\n | authorizer.x\n | ^",
      ),
    ],
    [
      { validations: [{ expression: 'true' }], matchConditions: [{ name: 'a', expression: '"a"' }] },
      invalid('spec.matchConditions[0].expression', '"a"', 'must evaluate to bool but got string'),
    ],
    [
      { validations: [{ expression: 'true', reason: 'Because' }] },
      'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
    [
      { auditAnnotations: [{ key: 'a', valueExpression: '1' }] },
      invalid(
        'spec.auditAnnotations[0].valueExpression',
        '1',
        'must evaluate to one of [string null_type] but got int',
      ),
    ],
  ])('%j', (spec, words) => {
    const answer = validating(start(), spec);
    expect(answer.status).toBe(422);
    expect(message(answer)).toBe(
      `ValidatingAdmissionPolicy.admissionregistration.k8s.io "policy" is invalid: ${words}`,
    );
  });

  test('a policy of nothing, a binding of nothing', () => {
    const running = start();
    expect(message(validating(running, { matchConstraints: {} }))).toBe(
      'ValidatingAdmissionPolicy.admissionregistration.k8s.io "policy" is invalid: [' +
        'spec.matchConstraints.resourceRules: Required value, ' +
        'spec.validations: Required value: validations or auditAnnotations must contain at least one item, ' +
        'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item]',
    );
    expect(
      message(
        validating(
          running,
          { validations: [{ expression: 'true' }] },
          { validationActions: ['Deny', 'Warn'], paramRef: {} },
        ),
      ),
    ).toBe(
      'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io "binding" is invalid: [' +
        'spec.paramRef: Required value: one of name or selector must be specified, ' +
        'spec.paramRef.parameterNotFoundAction: Required value, ' +
        'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)]',
    );
  });

  test('mutations that make nothing', () => {
    const running = start();
    expect(message(mutating(running, 'm', apply('object')))).toContain(
      'spec.mutations[0].applyConfiguration.expression: Invalid value: "object": must evaluate to Object but got dyn',
    );
    expect(message(mutating(running, 'm', patches('[1]')))).toContain(
      'spec.mutations[0].jsonPatch.expression: Invalid value: "[1]": must evaluate to list(JSONPatch) but got list(int)',
    );
    expect(message(mutating(running, 'm', { ...apply('Object{}'), reinvocationPolicy: 'Often' }))).toContain(
      'spec.reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
    );
  });
});

describe('mutating policies', () => {
  test('merge what they make, as server-side apply does', () => {
    const running = start();
    mutating(running, 'more', {
      matchConstraints: rules('deployments'),
      ...apply(`Object{
        metadata: Object.metadata{labels: {"by": "policy"}},
        spec: Object.spec{
          template: Object.spec.template{
            spec: Object.spec.template.spec{
              containers: [Object.spec.template.spec.containers{name: "side", image: "side:" + string(object.spec.replicas)}]
            }
          }
        }
      }`),
    });
    const { status, body } = send(running, 'POST', DEPLOYMENTS, deployment('web', 2));
    expect(status).toBe(201);
    expect(body).toMatchObject({
      metadata: { labels: { by: 'policy' } },
      spec: {
        replicas: 2,
        template: {
          spec: {
            containers: expect.arrayContaining([
              expect.objectContaining({ name: 'main', image: 'shop:1' }),
              // What is new has its defaults.
              expect.objectContaining({
                name: 'side',
                image: 'side:2',
                terminationMessagePath: '/dev/termination-log',
              }),
            ]) as unknown,
          },
        },
      },
    });
  });

  test('patch; a test that fails leaves everything as it was', () => {
    const running = start();
    mutating(
      running,
      'p1',
      patches(`[
        JSONPatch{op: "test", path: "/data/a", value: "1"},
        JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x.org/y"), value: "z"},
        JSONPatch{op: "replace", path: "/data", value: {"b": "2"}}
      ]`),
    );
    expect(send(running, 'POST', MAPS, map('one', { a: '1' }, { l: 'm' })).body).toMatchObject({
      metadata: { labels: { l: 'm', 'x.org/y': 'z' } },
      data: { b: '2' },
    });
    expect(send(running, 'POST', MAPS, map('two', { a: '2' })).body['data']).toEqual({ a: '2' });
  });

  test.each<[string, object, string]>([
    [
      'of another field',
      apply('Object{data: Object.spec{}}'),
      'type mismatch: unexpected type name "Object.spec", expected "Object.data", which matches field name path from root Object type',
    ],
    [
      'that fails',
      apply('Object{data: object.nope}'),
      "expression 'Object{data: object.nope}' resulted in error: no such key: nope",
    ],
    ['that does not apply', patches('[JSONPatch{op: "remove", path: "/nope/nope"}]'), 'JSON Patch: '],
  ])('a mutation %s', (_what, spec, words) => {
    const running = start();
    mutating(running, 'wrong', spec);
    const refused = send(running, 'POST', MAPS, map('one'));
    expect(refused.status).toBe(403);
    expect(message(refused)).toContain(
      `policy 'wrong' with binding 'wrong-binding' denied request: ${words}`,
    );
  });

  test('an atomic part is not changed', () => {
    const running = start();
    mutating(running, 'atomic', {
      matchConstraints: rules('deployments'),
      ...apply('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a": "b"}}}}'),
    });
    expect(message(send(running, 'POST', DEPLOYMENTS, deployment('web', 1)))).toContain(
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector',
    );
  });

  test('an earlier policy is asked again where it wants to hear of later changes', () => {
    const copyOf = (field: string, from: string): string =>
      `Object{data: has(object.data.${from}) ? {"${field}": object.data.${from}} : {"none": ""}}`;
    for (const [reinvocationPolicy, first] of [
      ['Never', undefined],
      ['IfNeeded', 'x'],
    ] as const) {
      const running = start();
      mutating(running, 'a', { ...apply(copyOf('first', 'second')), reinvocationPolicy });
      mutating(running, 'b', apply('Object{data: {"second": "x"}}'));
      const { body } = send(running, 'POST', MAPS, map('one', { zero: '0' }));
      expect((body['data'] as Record<string, string>)['first']).toBe(first);
    }
  });
});
