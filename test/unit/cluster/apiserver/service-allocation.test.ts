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

describe('node ports', () => {
  const JSON_PATCH = { 'content-type': 'application/json-patch+json' };
  const withPorts = (running: Running, name: string, ports: object[]): Answer => {
    const spec = { type: 'NodePort', ports };
    return send(running, 'POST', SERVICES, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
  };

  test('are the same for one port in two protocols', () => {
    const [udp, tcp, metrics] = withPorts(startApiServer(), 'dns', [
      { name: 'udp', port: 53, protocol: 'UDP' },
      { name: 'tcp', port: 53, protocol: 'TCP' },
      { name: 'metrics', port: 9153 },
    ]).body.spec.ports;
    expect(tcp.nodePort).toBe(udp.nodePort);
    expect(metrics.nodePort).not.toBe(udp.nodePort);
  });

  test('are taken for every protocol, and refused before the rest is looked at', () => {
    const running = startApiServer();
    withPorts(running, 'a', [{ port: 80, nodePort: 30111 }]);
    const why = 'Invalid value: 30111: provided port is already allocated';
    expect(withPorts(running, 'b', [{ port: 0, nodePort: 30111, protocol: 'UDP' }]).body.message).toBe(
      `Service "b" is invalid: spec.ports[0].nodePort: ${why}`,
    );
    expect(
      withPorts(running, 'b', [
        { name: 'a', port: 80, nodePort: 30112 },
        { name: 'a', port: 81, nodePort: 30112 },
      ]).body.message,
    ).toBe(
      'Service "b" is invalid: spec.ports[1].nodePort: Invalid value: 30112: provided port is already allocated',
    );
  });

  test('that meet by a change are told by the allocator', () => {
    const running = startApiServer();
    withPorts(running, 'a', [
      { name: 'a', port: 80, nodePort: 30112 },
      { name: 'b', port: 80, nodePort: 30112, protocol: 'UDP' },
    ]);
    const patch = [
      { op: 'replace', path: '/spec/ports/1/protocol', value: 'TCP' },
      { op: 'replace', path: '/spec/ports/1/port', value: 82 },
    ];
    expect(send(running, 'PATCH', `${SERVICES}/a`, patch, JSON_PATCH).body).toMatchObject({
      code: 500,
      message: 'duplicate nodePort: {TCP 30112}',
    });
  });
});
