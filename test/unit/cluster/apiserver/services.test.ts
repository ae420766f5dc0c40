import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { validateObject } from '../../../../src/cluster/apiserver/validation/validate.ts';
import { type Answer, type Running, send, startApiServer } from './harness.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const PORTS = [{ port: 80 }];
const LOCAL = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports: PORTS };
const MERGE = { 'content-type': 'application/merge-patch+json' };

/** What a real cluster says to a dry run. */
const refused = JSON.parse(readFileSync(new URL('services.json', import.meta.url), 'utf8')) as {
  spec: string;
  message: string;
}[];

const started = (): Running => startApiServer({ validateObject });

function create(running: Running, spec: unknown, query = ''): Answer {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's1' }, spec };
  return send(running, 'POST', `${SERVICES}${query}`, service);
}

describe('a Service that cannot be', () => {
  test.each(refused)('$spec', ({ spec, message }) => {
    expect(create(started(), parse(spec), '?dryRun=All').body.message).toBe(message);
  });
});

describe('a dry run', () => {
  const dry = (spec: object, running = started()): Answer => create(running, spec, '?dryRun=All');

  test('shows what cannot be an address or a node port', () => {
    expect(dry({ ports: PORTS }).body.spec.clusterIP).toBe('10.96.0.0');

    const body = dry(LOCAL).body;
    expect(body.spec).toMatchObject({ ports: [{ nodePort: 32_769 }], healthCheckNodePort: 32_770 });
  });

  test('does not ask whether an address is free, or a port is one', () => {
    const running = started();
    create(running, { clusterIP: '10.96.0.77', ports: PORTS });
    expect(dry({ clusterIP: '10.96.0.77', ports: PORTS }, running).status).toBe(409);
    const spec = { clusterIP: '10.96.0.77', type: 'NodePort', ports: [{ port: 80, nodePort: 4 }] };
    const other = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's2' }, spec };
    expect(send(running, 'POST', `${SERVICES}?dryRun=All`, other).status).toBe(201);
  });
});

describe('the node port of health checks', () => {
  const port = (running: Running): unknown =>
    send(running, 'GET', `${SERVICES}/s1`).body.spec.healthCheckNodePort;

  test('is given where nodes are asked for endpoints, and goes with that', () => {
    const running = started();
    create(running, LOCAL);
    const given = port(running);
    expect(given).toBeGreaterThanOrEqual(30_000);
    send(running, 'PATCH', `${SERVICES}/s1`, { metadata: { labels: { a: 'b' } } }, MERGE);
    expect(port(running)).toBe(given);
    const change = { spec: { healthCheckNodePort: 31_000 } };
    expect(send(running, 'PATCH', `${SERVICES}/s1`, change, MERGE).body.message).toBe(
      'Service "s1" is invalid: spec.healthCheckNodePort: Invalid value: 31000: field is immutable',
    );
    send(running, 'PATCH', `${SERVICES}/s1`, { spec: { externalTrafficPolicy: 'Cluster' } }, MERGE);
    expect(port(running)).toBeUndefined();
  });

  test('is one of the node ports', () => {
    expect(create(started(), { ...LOCAL, healthCheckNodePort: 100 }).body.message).toBe(
      'Internal error occurred: failed to allocate requested HealthCheck NodePort 100: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });
});

describe('families', () => {
  const families = (spec: object): unknown => {
    const { ipFamilies, ipFamilyPolicy } = create(started(), spec).body.spec;
    return [ipFamilyPolicy, ...ipFamilies];
  };

  test('are those of the cluster', () => {
    expect(families({ ports: PORTS })).toEqual(['SingleStack', 'IPv4']);
    expect(families({ ports: PORTS, ipFamilyPolicy: 'PreferDualStack' })).toEqual([
      'PreferDualStack',
      'IPv4',
    ]);
  });

  test('are any where the endpoints are kept by hand', () => {
    const clusterIP = 'None';
    expect(families({ clusterIP })).toEqual(['RequireDualStack', 'IPv4', 'IPv6']);
    expect(families({ clusterIP, ipFamilies: ['IPv6'] })).toEqual(['RequireDualStack', 'IPv6', 'IPv4']);
    expect(families({ clusterIP, ipFamilyPolicy: 'SingleStack' })).toEqual(['SingleStack', 'IPv4']);
    expect(families({ clusterIP, selector: { a: 'b' } })).toEqual(['SingleStack', 'IPv4']);
  });
});

describe('where nothing is left', () => {
  const FIRST = 30_000;
  const ALL = 2768;
  const ports = (count: number): object[] =>
    Array.from({ length: count }, (_, index) => ({ name: `p${index}`, port: index + 1 }));
  const named = (name: string, spec: object): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec,
  });

  test('no node port is given twice, and the next is refused', () => {
    const running = started();
    const given = create(running, { type: 'NodePort', ports: ports(ALL) }).body.spec.ports as {
      nodePort: number;
    }[];
    expect(given.map(({ nodePort }) => nodePort).sort((a, b) => a - b)).toEqual(
      Array.from({ length: ALL }, (_, index) => FIRST + index),
    );

    const next = send(running, 'POST', SERVICES, named('s2', { type: 'NodePort', ports: PORTS }));
    expect(next.status).toBe(500);
    expect(next.body.message).toBe('Internal error occurred: failed to allocate a nodePort: range is full');
  });

  test('the lowest node ports are for those who name them as long as there are others', () => {
    const given = create(started(), { type: 'NodePort', ports: ports(ALL - 86) }).body.spec.ports as {
      nodePort: number;
    }[];
    expect(Math.min(...given.map(({ nodePort }) => nodePort))).toBe(FIRST + 86);
  });
});
