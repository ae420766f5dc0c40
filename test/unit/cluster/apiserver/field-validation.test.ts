import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  converterWords,
  strictDecodingError,
  validateFields,
} from '../../../../src/cluster/apiserver/field-validation.ts';
import { nodeOf, readJson } from '../../../../src/cluster/apiserver/json-document.ts';
import { customTypeSchema, schemaOf } from '../../../../src/model/schema/schema.ts';

const typeOf = (group: string, kind: string) => schemaOf(group, 'v1', kind)!;

/** A deployment around one container. */
function deployment(container: string, rest = ''): string {
  return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i",${container}}]}}}${rest}}`;
}

const CONTAINERS = 'spec.template.spec.containers';

// All answers below are those of a Kubernetes 1.36.3 API server.
describe('values of the wrong type', () => {
  test.each([
    [
      '"env":[{"name":"A","value":1}]',
      `number into Go struct field EnvVar.${CONTAINERS}.env.value of type string`,
    ],
    [
      '"env":[{"name":"A","value":true}]',
      `bool into Go struct field EnvVar.${CONTAINERS}.env.value of type string`,
    ],
    ['"ports":80', `number into Go struct field Container.${CONTAINERS}.ports of type []v1.ContainerPort`],
    ['"ports":[80]', `number into Go struct field Container.${CONTAINERS}.ports of type v1.ContainerPort`],
    [
      '"ports":[{"containerPort":"80"}]',
      `string into Go struct field ContainerPort.${CONTAINERS}.ports.containerPort of type int32`,
    ],
    [
      '"ports":[{"containerPort":80.5}]',
      `number 80.5 into Go struct field ContainerPort.${CONTAINERS}.ports.containerPort of type int32`,
    ],
    [
      '"ports":[{"containerPort":99999999999}]',
      `number 99999999999 into Go struct field ContainerPort.${CONTAINERS}.ports.containerPort of type int32`,
    ],
    [
      '"ports":[{"containerPort":8e1}]',
      `number 8e1 into Go struct field ContainerPort.${CONTAINERS}.ports.containerPort of type int32`,
    ],
    [
      '"ports":{"containerPort":80}',
      `object into Go struct field Container.${CONTAINERS}.ports of type []v1.ContainerPort`,
    ],
    [
      '"imagePullPolicy":3',
      `number into Go struct field Container.${CONTAINERS}.imagePullPolicy of type v1.PullPolicy`,
    ],
    ['"command":"ls"', `string into Go struct field Container.${CONTAINERS}.command of type []string`],
    ['"command":[1]', `number into Go struct field Container.${CONTAINERS}.command of type string`],
    [
      '"resources":[]',
      `array into Go struct field Container.${CONTAINERS}.resources of type v1.ResourceRequirements`,
    ],
    [
      '"resources":{"limits":"x"}',
      `string into Go struct field ResourceRequirements.${CONTAINERS}.resources.limits of type v1.ResourceList`,
    ],
    ['"stdin":"x"', `string into Go struct field Container.${CONTAINERS}.stdin of type bool`],
    [
      '"livenessProbe":{"httpGet":{"port":true}}',
      `bool into Go struct field HTTPGetAction.${CONTAINERS}.livenessProbe.ProbeHandler.httpGet.port of type int32`,
    ],
    [
      '"livenessProbe":{"httpGet":{"port":1.5}}',
      `number 1.5 into Go struct field HTTPGetAction.${CONTAINERS}.livenessProbe.ProbeHandler.httpGet.port of type int32`,
    ],
    [
      '"livenessProbe":{"httpGet":"/x"}',
      `string into Go struct field Probe.${CONTAINERS}.livenessProbe.ProbeHandler.httpGet of type v1.HTTPGetAction`,
    ],
    [
      '"securityContext":{"privileged":"yes"}',
      `string into Go struct field SecurityContext.${CONTAINERS}.securityContext.privileged of type bool`,
    ],
  ])('%s', (container, words) => {
    const { error } = validateFields(deployment(container), typeOf('apps', 'Deployment'));
    expect(error).toBe(`json: cannot unmarshal ${words}`);
  });

  test.each([
    ['"name":3', 'cannot convert int64 to string'],
    ['"name":1.5', 'unrecognized type: string'],
    ['"tty":"yes"', 'unrecognized type: bool'],
    ['"tty":1', 'unrecognized type: bool'],
    ['"ports":[{"containerPort":"80"}]', 'unrecognized type: int32'],
    ['"ports":[{"containerPort":1.5}]', 'cannot convert float64 to int32'],
    ['"ports":{}', 'cannot restore slice from map'],
    ['"resources":"much"', 'cannot restore struct from: string'],
    ['"resources":{"limits":[]}', 'cannot restore map from slice'],
    [
      '"livenessProbe":{"tcpSocket":{"port":true}}',
      'json: cannot unmarshal bool into Go value of type int32',
    ],
  ])('after a strategic merge patch: %s', (container, words) => {
    const { error } = validateFields(deployment(container), typeOf('apps', 'Deployment'), converterWords);
    expect(error).toBe(words);
  });

  const quantityError =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  test.each(['"x"', 'true', '{}'])('a quantity that is %s', (value) => {
    const body = deployment(`"resources":{"limits":{"cpu":${value}}}`);
    expect(validateFields(body, typeOf('apps', 'Deployment')).error).toBe(quantityError);
  });

  test.each([
    [
      'Deployment',
      'apps',
      '{"spec":{"replicas":"three"}}',
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'Deployment',
      'apps',
      '{"metadata":{"labels":{"a":1}}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'Deployment',
      'apps',
      '{"metadata":{"labels":["a"]}}',
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      'Deployment',
      'apps',
      '{"metadata":{"creationTimestamp":"x"}}',
      'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"',
    ],
    [
      'Deployment',
      'apps',
      '{"metadata":{"creationTimestamp":5}}',
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    [
      'Deployment',
      'apps',
      '{"metadata":"x"}',
      'json: cannot unmarshal string into Go struct field Deployment.metadata of type v1.ObjectMeta',
    ],
    [
      'Deployment',
      'apps',
      '{"spec":[]}',
      'json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec',
    ],
    ['Secret', '', '{"data":{"a":"***"}}', 'illegal base64 data at input byte 0'],
    [
      'Secret',
      '',
      '{"data":{"a":1}}',
      'json: cannot unmarshal number into Go struct field Secret.data of type []uint8',
    ],
    [
      'ConfigMap',
      '',
      '{"data":{"a":{}}}',
      'json: cannot unmarshal object into Go struct field ConfigMap.data of type string',
    ],
    [
      'Service',
      '',
      '{"spec":{"selector":"x"}}',
      'json: cannot unmarshal string into Go struct field ServiceSpec.spec.selector of type map[string]string',
    ],
    [
      'NetworkPolicy',
      'networking.k8s.io',
      '{"spec":{"podSelector":"x","policyTypes":"Ingress"}}',
      'json: cannot unmarshal string into Go struct field NetworkPolicySpec.spec.podSelector of type v1.LabelSelector',
    ],
    [
      'NetworkPolicy',
      'networking.k8s.io',
      '{"spec":{"policyTypes":[1]}}',
      'json: cannot unmarshal number into Go struct field NetworkPolicySpec.spec.policyTypes of type v1.PolicyType',
    ],
    [
      'Role',
      'rbac.authorization.k8s.io',
      '{"rules":[{"verbs":"get"}]}',
      'json: cannot unmarshal string into Go struct field PolicyRule.rules.verbs of type []string',
    ],
    [
      'CronJob',
      'batch',
      '{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":1}}}}}}',
      'json: cannot unmarshal number into Go struct field PodSpec.spec.jobTemplate.spec.template.spec.restartPolicy of type v1.RestartPolicy',
    ],
  ])('%s %s %s', (kind, group, body, error) => {
    expect(validateFields(body, typeOf(group, kind)).error).toBe(error);
  });

  test('null is nothing, good values are fine', () => {
    const body = deployment(
      '"env":null,"resources":{"limits":{"cpu":0.5,"memory":"1Gi"}},"ports":[{"containerPort":80}]',
    );
    expect(validateFields(body, typeOf('apps', 'Deployment'))).toEqual({ error: undefined, problems: [] });
  });
});

describe('unknown and duplicate fields', () => {
  test('with their paths, in the order of the body', () => {
    const { error, problems } = validateFields(
      deployment('"foo":1', ',"bar":2'),
      typeOf('apps', 'Deployment'),
    );
    expect(error).toBeUndefined();
    expect(strictDecodingError(problems)).toBe(
      'strict decoding error: unknown field "spec.template.spec.containers[0].foo", unknown field "bar"',
    );
  });

  test('each duplicate once', () => {
    const body =
      '{"metadata":{"name":"d","name":"e","labels":{"a":"b","a":"c"}},"spec":{"replicas":1,"replicas":2,"replicas":3},"spec":{}}';
    expect(validateFields(body, typeOf('apps', 'Deployment')).problems).toEqual([
      'duplicate field "metadata.name"',
      'duplicate field "metadata.labels.a"',
      'duplicate field "spec.replicas"',
      'duplicate field "spec"',
    ]);
  });

  test('names differ in case', () => {
    expect(validateFields({ spec: null, Spec: {} }, typeOf('apps', 'Deployment')).problems).toEqual([
      'unknown field "Spec"',
    ]);
  });

  test('of a custom resource; its types are left to its schema', () => {
    const widget = customTypeSchema('Widget', {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    });
    expect(validateFields('{"spec":{"size":"x","sise":1}}', widget)).toEqual({
      error: undefined,
      problems: ['unknown field "spec.sise"'],
    });
  });
});

describe('readJson', () => {
  test.each([
    ['{"a":{', 'unexpected end of JSON input'],
    ['', 'unexpected end of JSON input'],
    ['{} x', "invalid character 'x' after top-level value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['{"a":x}', "invalid character 'x' looking for beginning of value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['-x', "invalid character 'x' in numeric literal"],
  ])('%j', (text, message) => {
    expect(() => readJson(text)).toThrow(new Error(message));
  });

  test('takes exactly what JSON.parse takes, and reads the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(readJson(text)).toEqual(nodeOf(JSON.parse(text)));
      }),
    );
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', '\\', '0', 'u', ' '))
      .map(([text, at, insert]) => {
        const position = at % (text.length + 1);
        return text.slice(0, position) + insert + text.slice(position + (at % 2));
      });
    fc.assert(
      fc.property(mutated, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (valid) readJson(text);
        else expect(() => readJson(text)).toThrow();
      }),
    );
  });
});
