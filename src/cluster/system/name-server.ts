import type { DnsMessage } from '../network/dns-message.ts';
import type { Network } from '../network/types.ts';
import type { Registries } from '../registry/registries.ts';

/** Where the nodes' /etc/resolv.conf points: Docker's name server on kind's network. */
export const NODE_NAME_SERVER = '172.18.0.1';

/** Answers for the lab's own hosts; there is no internet behind it, so no other name exists. */
export function startNameServer(network: Network, registries: Registries): void {
  const addresses = new Map(registries.hosts().map(({ name, ip }) => [name.split(':')[0] ?? '', ip]));
  network.attachHost('name-server', NODE_NAME_SERVER).listen(53, {
    kind: 'dns',
    handle: (query, _from, respond) => respond(answer(query, addresses)),
  });
}

function answer(query: DnsMessage, addresses: ReadonlyMap<string, string>): DnsMessage {
  const { name, type } = query.question;
  const address = addresses.get(name);
  if (address === undefined) return { ...query, code: 'NXDOMAIN' };
  const answers = type === 'A' ? [{ name, type, ttl: 600, data: address }] : [];
  return { ...query, code: 'NOERROR', answers };
}
