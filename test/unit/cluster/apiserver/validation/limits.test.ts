import { expect, test } from '@jest/globals';
import { validateObject } from '../../../../../src/cluster/apiserver/validation/validate.ts';
import { send, startApiServer } from '../harness.ts';

const LIMITS = '/api/v1/namespaces/default/limitranges';

const refusal = (limit: string): string => {
  const text = `{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"a"},"spec":{"limits":[${limit}]}}`;
  const { body } = send(startApiServer({ validateObject }), 'POST', LIMITS, JSON.parse(text));
  return String(body.message);
};

test('nothing is an amount of 0', () => {
  expect(refusal('{"type":"Container","default":{"memory":null},"min":{"memory":1}}')).toBe(
    'LimitRange "a" is invalid: [spec.limits[0].defaultRequest[memory]: Invalid value: "0": min value 1 is greater than default ' +
      'request value 0, spec.limits[0].default[memory]: Invalid value: "1": min value 1 is greater than default value 0]',
  );
});

test('an amount may have a name that every object has', () => {
  const message = refusal('{"type":"Container","default":{"memory":"1Gi","__proto__":null}}');
  expect(message).toContain(
    'spec.limits[0].default[__proto__]: Invalid value: "__proto__": must be a standard resource',
  );
});

test('an amount that a container asks for may have such a name too', () => {
  const requests = JSON.parse('{"memory":"64Mi","__proto__":null}') as object;
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'a', image: 'a', resources: { requests, limits: { memory: '1Gi' } } }] },
  };
  const { body } = send(startApiServer({ validateObject }), 'POST', '/api/v1/namespaces/default/pods', pod);
  expect(String(body.message)).toContain('Invalid value: "__proto__": must be a standard resource');
});
