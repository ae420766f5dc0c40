import { describe, expect, test } from '@jest/globals';
import { whyUnanswered } from '../../../../../src/cluster/apiserver/webhooks/calls.ts';
import { stateOf } from '../admission/harness.ts';

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'policy', name: 'gate' },
  spec: { clusterIP: '10.96.7.7', ports: [{ port: 443 }] },
};
const slice = (ready: boolean): object => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { namespace: 'policy', name: 'gate-1', labels: { 'kubernetes.io/service-name': 'gate' } },
  endpoints: [{ addresses: ['10.244.1.5'], conditions: { ready } }],
});
const why = (clientConfig: object, ...objects: object[]): string | undefined =>
  whyUnanswered({ name: 'gate.test', clientConfig, timeoutSeconds: 2 }, stateOf(...objects));
const gate = { service: { namespace: 'policy', name: 'gate', path: '/pods' } };
const POST = 'Post "https://gate.policy.svc:443/pods?timeout=2s": ';

describe('who nobody will answer for', () => {
  test('a Service that is not there, or has no such port', () => {
    expect(why(gate)).toBe(`${POST}service "gate" not found`);
    const other = { service: { ...gate.service, port: 8443 } };
    expect(why(other, service)).toBe(
      'Post "https://gate.policy.svc:8443/pods?timeout=2s": no service port 8443 found for service "gate"',
    );
  });

  test('a Service that leads to nobody who is ready', () => {
    const refused = `${POST}dial tcp 10.96.7.7:443: connect: connection refused`;
    expect(why(gate, service)).toBe(refused);
    expect(why(gate, service, slice(false))).toBe(refused);
    expect(why(gate, service, slice(true))).toBeUndefined();
  });

  test('a host that has no address; of an address nobody knows', () => {
    expect(why({ url: 'https://gate.test/pods' })).toBe(
      'Post "https://gate.test/pods?timeout=2s": dial tcp: lookup gate.test on 172.18.0.1:53: no such host',
    );
    expect(why({ url: 'https://10.1.2.3/pods' })).toBeUndefined();
  });
});
