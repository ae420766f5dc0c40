import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { faultFrom, faultKinds, faultText } from '../../../../src/cli/cluster/fault-words.ts';
import type { ClusterFault, PacketFilter } from '../../../../src/cluster/cluster-faults.ts';
import type { BreakfixError } from '../../../../src/core/errors.ts';

const places = {
  nodes: ['dev-control-plane', 'dev-worker', 'dev-worker2'],
  registries: ['registry.shop.test:5000'],
};

/** As a shell would split it. */
function parse(line: string): ClusterFault {
  const words = line.split(' ');
  const first = words.findIndex((word) => word.startsWith('--'));
  const end = first === -1 ? words.length : first;
  const flags: Record<string, string> = {};
  for (let index = end; index < words.length; index += 2)
    flags[(words[index] ?? '').slice(2)] = words[index + 1] ?? '';
  return faultFrom(words[0] ?? '', words.slice(1, end), flags, places);
}

const errorOf = (line: string): BreakfixError => {
  try {
    parse(line);
  } catch (error) {
    return error as BreakfixError;
  }
  throw new Error(`${line} is none`);
};

describe('faults on a command line', () => {
  test.each(Object.entries(faultKinds))('the example of %s is one', (kind, { example }) => {
    expect(parse(example.replace(/ --for .*/, '')).kind).toBe(kind);
  });

  test('a fault and its words say the same', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const filter: fc.Arbitrary<PacketFilter> = fc.record(
      {
        to: fc
          .tuple(octet, octet, fc.constantFrom('', '/24', '/0'))
          .map(([a, b, bits]) => `10.244.${a}.${b}${bits}`),
        port: fc.integer({ min: 1, max: 65_535 }),
        protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'ICMP' as const),
        node: fc.constantFrom(...places.nodes),
        from: fc.constantFrom({ namespace: 'shop' }, { namespace: 'shop', name: 'web-0' }),
      },
      { requiredKeys: [] },
    );
    const time = fc.oneof(
      fc.integer({ min: 1, max: 999 }),
      fc.integer({ min: 1, max: 86_400 }).map((s) => s * 1000),
    );
    const fault: fc.Arbitrary<ClusterFault> = fc.oneof(
      fc.record({ kind: fc.constant('kubelet-down' as const), node: fc.constantFrom(...places.nodes) }),
      fc.record({
        kind: fc.constant('node-lost' as const),
        node: fc.constantFrom('dev-worker', 'dev-worker2'),
      }),
      fc.record({
        kind: fc.constant('packet-loss' as const),
        percent: fc.integer({ min: 1, max: 100 }),
        where: filter,
      }),
      fc.record({ kind: fc.constant('latency' as const), ms: time, where: filter }),
      fc.record({ kind: fc.constant('registry-down' as const), host: fc.constantFrom(...places.registries) }),
      fc.record({
        kind: fc.constant('registry-slow' as const),
        host: fc.constantFrom(...places.registries),
        ms: time,
      }),
    );
    fc.assert(fc.property(fault, (one) => expect(parse(faultText(one))).toEqual(one)));
  });

  test.each([
    ['node-down dev-worker', 'FAULT_UNKNOWN', 'there is no fault "node-down"', 'did you mean node-lost?'],
    ['node-lost', 'FAULT_INVALID', 'node-lost takes NODE, not nothing', 'node-lost dev-worker'],
    ['registry-slow registry.shop.test:5000', 'FAULT_INVALID', 'takes HOST and TIME', 'registry-slow'],
    [
      'kubelet-down dev-worker3',
      'FAULT_INVALID',
      'there is no node "dev-worker3"; there are',
      'did you mean dev-worker',
    ],
    ['node-lost dev-control-plane', 'FAULT_INVALID', 'the API server is on', 'node-lost dev-worker'],
    [
      'registry-down docker.io',
      'FAULT_INVALID',
      'there is no registry "docker.io"; there is',
      'did you mean',
    ],
    ['packet-loss 0%', 'FAULT_INVALID', 'no share of packets', 'packet-loss 30%'],
    ['packet-loss 101', 'FAULT_INVALID', 'no share of packets', 'packet-loss 30%'],
    ['packet-loss half', 'FAULT_INVALID', 'no share of packets', 'packet-loss 30%'],
    ['latency 200', 'DURATION_INVALID', '"200" is not a time', 'latency 200ms'],
    ['latency 1s --to 10.244.1.0/33', 'FAULT_INVALID', 'no address or range', '--to 10.244.1.0/24'],
    ['latency 1s --to 10.244.1.300', 'FAULT_INVALID', 'no address or range', '--to 10.244.1.0/24'],
    ['latency 1s --to web.shop', 'FAULT_INVALID', 'no address or range', '--to 10.244.1.0/24'],
    ['latency 1s --port 0', 'FAULT_INVALID', 'no port', '--port 53'],
    ['latency 1s --protocol sctp', 'FAULT_INVALID', 'there are tcp, udp, icmp', '--protocol udp'],
    ['latency 1s --node none', 'FAULT_INVALID', 'there is no node "none"', 'did you mean'],
    ['latency 1s --from shop/', 'FAULT_INVALID', 'is no pod', '--from shop/web-0'],
    ['latency 1s --from a/b/c', 'FAULT_INVALID', 'is no pod', '--from shop/web-0'],
    [
      'registry-down registry.shop.test:5000 --port 3',
      'FAULT_INVALID',
      '--port is for packet-loss',
      'registry-down',
    ],
  ])('%s', (line, code, message, fix) => {
    const error = errorOf(line);
    expect(error).toMatchObject({ code, kind: 'user' });
    expect(error.message).toContain(message);
    expect(error.fix).toContain(fix);
  });

  test('without workers there is no node to lose', () => {
    expect(() => faultFrom('node-lost', ['a'], {}, { nodes: ['a'], registries: [] })).toThrow(
      'the API server is on a',
    );
  });
});
