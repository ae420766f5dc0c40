import { expect, test } from '@jest/globals';
import { send, startApiServer } from './harness.ts';

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  },
};
const NOT_AN_OBJECT = 'json: cannot unmarshal array into Go value of type map[string]interface {}';

/** As Kubernetes 1.36.3 answered. */
test.each([
  ['strategic-merge-patch', [], NOT_AN_OBJECT],
  ['merge-patch', [], `error decoding patch: ${NOT_AN_OBJECT}`],
  [
    'json-patch',
    [{ op: 'replace', path: '', value: {} }],
    'the name of the object (web based on URL) was undeterminable: name must be provided',
  ],
])('a %s of a scale that is none is refused', (type, patch, message) => {
  const running = startApiServer();
  send(running, 'POST', DEPLOYMENTS, web);
  const headers = { 'content-type': `application/${type}+json` };
  expect(send(running, 'PATCH', `${DEPLOYMENTS}/web/scale`, patch, headers)).toMatchObject({
    status: 400,
    body: { message },
  });
});
