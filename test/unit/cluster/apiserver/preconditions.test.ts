import { beforeEach, describe, expect, test } from '@jest/globals';
import { validateObject } from '../../../../src/cluster/apiserver/validation/validate.ts';
import { type Running, send, startApiServer } from './harness.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SCALE = '/apis/apps/v1/namespaces/default/deployments/web/scale';
const LONG_AGO = '2020-01-01T00:00:00Z';

let running: Running;
beforeEach(() => {
  running = startApiServer({ validateObject });
  send(running, 'POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  send(running, 'POST', MAPS, { metadata: { name: 'a', finalizers: ['a.b/c'] } });
});

function patch(metadata: object, type = 'merge-patch+json', url = `${MAPS}/a`): [number, unknown] {
  const { status, body } = send(
    running,
    'PATCH',
    url,
    { metadata },
    { 'content-type': `application/${type}` },
  );
  return [status, body.message];
}

const invalid = (...problems: string[]): [number, string] => {
  const list = problems.length === 1 ? problems.join('') : `[${problems.join(', ')}]`;
  return [422, `ConfigMap "a" is invalid: ${list}`];
};

describe('the uid of a patch', () => {
  test('is a mistake among others where it is another one', () => {
    const wrong = 'metadata.uid: Invalid value: "5": field is immutable';
    expect(patch({ uid: '5' })).toEqual(invalid(wrong));
    expect(patch({ uid: '5' }, 'strategic-merge-patch+json')).toEqual(invalid(wrong));
    const finalizer =
      'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified';
    expect(patch({ uid: '5', finalizers: ['x'] })).toEqual(invalid(wrong, finalizer));
    const { uid } = send(running, 'GET', `${MAPS}/a`).body.metadata;
    expect(patch({ uid })[0]).toBe(200);
  });

  test('comes after the version', () => {
    expect(patch({ uid: '5', resourceVersion: '1' })[0]).toBe(409);
  });

  test('of a Scale is what the change depends on', () => {
    const labels = { app: 'web' };
    send(running, 'POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      },
    });
    const { uid } = send(running, 'GET', SCALE).body.metadata;
    expect(patch({ uid: '5' }, 'merge-patch+json', SCALE)).toEqual([
      409,
      `Operation cannot be fulfilled on deployments/scale.apps "web": Precondition failed: UID in precondition: 5, UID in object meta: ${uid}`,
    ]);
  });

  test('that is applied means an object that is there', () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', uid: '5' } };
    const url = `${MAPS}/b?fieldManager=me`;
    const type = { 'content-type': 'application/apply-patch+yaml' };
    expect(send(running, 'PATCH', url, map, type).body.message).toBe(
      'Operation cannot be fulfilled on configmaps "b": uid mismatch: the provided object specified uid 5, and no existing object was found',
    );
  });
});

describe('the end of an object', () => {
  test('is set by deleting it alone', () => {
    expect(patch({ deletionTimestamp: LONG_AGO, deletionGracePeriodSeconds: 8 })).toEqual(
      invalid(
        `metadata.deletionTimestamp: Invalid value: "${LONG_AGO}": field is immutable`,
        'metadata.deletionGracePeriodSeconds: Invalid value: 8: field is immutable',
      ),
    );
  });

  test('cannot be moved', () => {
    send(running, 'DELETE', `${MAPS}/a`);
    const { deletionTimestamp } = send(running, 'GET', `${MAPS}/a`).body.metadata;
    expect(patch({ deletionTimestamp: LONG_AGO })[0]).toBe(200);
    expect(patch({ deletionTimestamp: null })[0]).toBe(200);
    expect(send(running, 'GET', `${MAPS}/a`).body.metadata.deletionTimestamp).toBe(deletionTimestamp);
    expect(patch({ deletionGracePeriodSeconds: 9 })).toEqual(
      invalid('metadata.deletionGracePeriodSeconds: Invalid value: 9: field is immutable'),
    );
  });
});
