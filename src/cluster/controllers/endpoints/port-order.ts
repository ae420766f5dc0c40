import type { Endpoints, SlicePort } from '../../../model/objects.ts';

/**
 * The ports of a slice in the order in which the controllers write them: by a hash of each, so that those of a Service come in
 * no order that anybody would expect.
 * https://pkg.go.dev/k8s.io/endpointslice/util#NewPortMapKey
 */
export function inSliceOrder(ports: readonly SlicePort[]): readonly SlicePort[] {
  return byHash(ports, dumpOf);
}

type EndpointPort = NonNullable<NonNullable<Endpoints['subsets']>[number]['ports']>[number];

/** The ports of a subset of an Endpoints object, likewise; there the structure has other types. */
export function inSubsetOrder(ports: readonly EndpointPort[]): readonly EndpointPort[] {
  return byHash(
    ports,
    ({ name = '', port, protocol }) =>
      `(v1.EndpointPort){Name:(string)${name} Port:(int32)${port} Protocol:(v1.Protocol)${protocol} AppProtocol:(*string)<nil>}`,
  );
}

function byHash<T>(ports: readonly T[], dump: (port: T) => string): readonly T[] {
  if (ports.length < 2) return ports;
  const hashed = ports.map((port) => ({ port, hash: hashOf(dump(port)) }));
  return hashed.sort((a, b) => (a.hash < b.hash ? -1 : 1)).map(({ port }) => port);
}

/** What Go prints of it. https://pkg.go.dev/k8s.io/apimachinery/pkg/util/dump#ForHash */
const dumpOf = ({ name, protocol, port, appProtocol = '<nil>' }: SlicePort): string =>
  `(v1.EndpointPort){Name:(*string)${name} Protocol:(*v1.Protocol)${protocol} Port:(*int32)${port} AppProtocol:(*string)${appProtocol}}`;

/** Each pod of a Service has the same ports: their hashes are looked up. */
const known = new Map<string, bigint>();
const MOST_KNOWN = 1000;

function hashOf(text: string): bigint {
  let hash = known.get(text);
  if (hash === undefined) {
    if (known.size === MOST_KNOWN) known.clear();
    hash = fnv128a(text);
    known.set(text, hash);
  }
  return hash;
}

const OFFSET = 0x6c62272e07bb014262b821756295c58dn;
const PRIME = (1n << 88n) + 0x13bn;

/** https://datatracker.ietf.org/doc/html/rfc9923 */
function fnv128a(text: string): bigint {
  let hash = OFFSET;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * PRIME);
  return hash;
}
