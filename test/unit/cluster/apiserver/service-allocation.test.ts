import { describe, expect, test } from '@jest/globals';
import { type Answer, type Running, send, startApiServer } from './harness.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const RANGES = '/apis/networking.k8s.io/v1/servicecidrs';

function withRange(ready = 'True'): Running {
  const running = startApiServer();
  const metadata = { name: 'mine' };
  const range = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata };
  send(running, 'POST', RANGES, { ...range, spec: { cidrs: ['10.201.0.0/28'] } });
  const conditions = [{ type: 'Ready', status: ready, reason: '', message: '' }];
  const patch = { 'content-type': 'application/merge-patch+json' };
  send(running, 'PATCH', `${RANGES}/mine/status`, { status: { conditions } }, patch);
  return running;
}

function create(running: Running, name: string, clusterIP: string): Answer {
  const spec = { clusterIP, ports: [{ port: 80 }] };
  return send(running, 'POST', SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
}

const NO_RANGE = /failed to allocate IP .*: the provided network does not match the current range/;

describe('an address that a Service names', () => {
  test('may be of any range that is ready', () => {
    const running = withRange();
    expect(create(running, 'a', '10.201.0.5').status).toBe(201);
    expect(create(running, 'b', '10.96.0.77').status).toBe(201);
    expect(create(running, 'c', '10.201.0.5').body.message).toMatch('provided IP is already allocated');
    expect(create(running, 'd', '10.201.0.17').body.message).toMatch(NO_RANGE);
  });

  test.each(['10.201.0.0', '10.201.0.15', '10.96.0.0', '10.96.255.255'])(
    'is not the first or last: %s',
    (ip) => {
      expect(create(withRange(), 'a', ip).body.message).toMatch(NO_RANGE);
    },
  );

  test('is not of a range that is not ready, or goes', () => {
    expect(create(withRange('False'), 'a', '10.201.0.5').body.message).toMatch(NO_RANGE);
  });

  test('is not one for which somebody else has an IPAddress', () => {
    const running = withRange();
    send(running, 'POST', '/apis/networking.k8s.io/v1/ipaddresses', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: { name: '10.201.0.7' },
      spec: { parentRef: { resource: 'services', name: 'nobody', namespace: 'default' } },
    });
    expect(create(running, 'a', '10.201.0.7').body.message).toMatch('provided IP is already allocated');
  });

  test('may be that of a Service that has just gone', () => {
    const running = withRange();
    create(running, 'a', '10.201.0.5');
    send(running, 'POST', '/apis/networking.k8s.io/v1/ipaddresses', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: '10.201.0.5',
        labels: { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' },
      },
      spec: { parentRef: { resource: 'services', name: 'a', namespace: 'default' } },
    });
    send(running, 'DELETE', `${SERVICES}/a`);
    expect(create(running, 'b', '10.201.0.5').status).toBe(201);
  });

  test('stays where its range goes', () => {
    const running = withRange();
    create(running, 'a', '10.201.0.5');
    send(running, 'DELETE', `${RANGES}/mine`);
    const { body } = send(running, 'GET', `${SERVICES}/a`);
    expect(
      send(running, 'PUT', `${SERVICES}/a`, { ...body, metadata: { ...body.metadata, labels: { a: 'b' } } })
        .status,
    ).toBe(200);
    expect(create(running, 'b', '10.201.0.6').body.message).toMatch(NO_RANGE);
  });
});
