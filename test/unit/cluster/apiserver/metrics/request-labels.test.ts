import { describe, expect, test } from '@jest/globals';
import { parsePath } from '../../../../../src/cluster/apiserver/http/request-path.ts';
import { pathLabels, resourceLabels } from '../../../../../src/cluster/apiserver/metrics/request-labels.ts';

function labels(method: string, url: string, contentType = ''): object {
  const [path = '', query = ''] = url.split('?');
  const parsed = parsePath(path);
  if (parsed.kind !== 'resource') throw new Error(`${path} is no resource`);
  return resourceLabels({ method, query, headers: { 'content-type': contentType } }, parsed);
}

describe('labels of a request for a resource', () => {
  test.each([
    ['GET', '/api/v1/pods', { verb: 'LIST', scope: 'cluster', resource: 'pods', group: '', version: 'v1' }],
    ['GET', '/apis/apps/v1/namespaces/a/deployments', { verb: 'LIST', scope: 'namespace', group: 'apps' }],
    ['GET', '/api/v1/namespaces/a/pods/b', { verb: 'GET', scope: 'resource' }],
    ['GET', '/api/v1/namespaces/a/pods?watch=true', { verb: 'WATCH', scope: 'namespace' }],
    ['GET', '/api/v1/pods?watch=1&fieldSelector=metadata.name%3Db', { verb: 'WATCH', scope: 'resource' }],
    ['POST', '/api/v1/namespaces/a/pods?dryRun=All', { verb: 'POST', scope: 'resource', dry_run: 'All' }],
    ['DELETE', '/api/v1/namespaces/a/pods', { verb: 'DELETECOLLECTION', scope: 'namespace' }],
    ['GET', '/api/v1/namespaces/a/pods/b/log', { verb: 'CONNECT', subresource: 'log' }],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', { verb: 'CONNECT', subresource: 'exec' }],
    [
      'PUT',
      '/api/v1/namespaces/a/pods/b/status',
      { verb: 'PUT', subresource: 'status', component: 'apiserver' },
    ],
  ])('%s %s', (method, url, expected) => {
    expect(labels(method, url)).toMatchObject(expected);
  });

  test('a patch that applies has a verb of its own', () => {
    const url = '/api/v1/namespaces/a/configmaps/b';
    expect(labels('PATCH', url, 'application/apply-patch+yaml')).toMatchObject({ verb: 'APPLY' });
    expect(labels('PATCH', url, 'application/merge-patch+json')).toMatchObject({ verb: 'PATCH' });
  });
});

test('of other paths only some are counted', () => {
  expect(pathLabels('GET', ['readyz'])).toMatchObject({ subresource: '/readyz', component: '' });
  expect(pathLabels('GET', ['openapi', 'v3', 'api'])).toMatchObject({ subresource: 'openapi/v3/' });
  expect(pathLabels('GET', ['apis'])).toMatchObject({ subresource: 'apis', component: 'apiserver' });
  expect(pathLabels('GET', ['flagz'])).toMatchObject({ resource: 'flagz' });
  for (const path of ['metrics', 'version', 'readyz/ping', 'apis/apps']) {
    expect(pathLabels('GET', path.split('/'))).toBeUndefined();
  }
});
