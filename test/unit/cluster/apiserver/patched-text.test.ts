import { expect, test } from '@jest/globals';
import { patchedText } from '../../../../src/cluster/apiserver/rest/patched-text.ts';

const object = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'w', annotations: { b: '<&>', a: '1' } },
  spec: { template: { spec: { z: 1, a: 2 } }, replicas: 'x', ports: [{ z: 1, a: 1 }] },
};
const head =
  '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"w","annotations":{"a":"1","b":"\\u003c\\u0026\\u003e"}},';

test('what a merge patch goes through has its keys in order, as maps have', () => {
  expect(patchedText(object, { spec: { replicas: 'x' } })).toBe(
    `${head}"spec":{"ports":[{"z":1,"a":1}],"replicas":"x","template":{"spec":{"z":1,"a":2}}}}`,
  );
});

test('so has the way of a JSON patch', () => {
  const patch = [{ op: 'replace', path: '/spec/ports/0/a', value: 1 }, 'nonsense'];
  expect(patchedText(object, patch)).toBe(
    `${head}"spec":{"ports":[{"a":1,"z":1}],"replicas":"x","template":{"spec":{"z":1,"a":2}}}}`,
  );
});
