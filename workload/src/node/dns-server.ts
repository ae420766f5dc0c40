import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import type { DnsAnswer, DnsQuestion, Listener } from '../host.ts';

type Answer = (question: DnsQuestion) => Promise<DnsAnswer>;

/**
 * A DNS server on a port of all addresses, UDP and TCP (RFC 1035), as far as one zone of IPv4 addresses needs it.
 * What is no question is dropped.
 */
export async function listenDns(port: number, answer: Answer): Promise<Listener> {
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => {
    void reply(query, answer).then((packet) => packet && udp.send(packet, from.port, from.address));
  });
  const tcp = createServer((socket) => serveStream(socket, answer));
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject);
    udp.bind(port, resolve);
  });
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject);
    tcp.listen(udp.address().port, resolve);
  });
  return {
    close: () => {
      udp.close();
      tcp.close();
    },
  };
}

/** Over TCP every message has its length in front. */
function serveStream(socket: Socket, answer: Answer): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const query = pending.subarray(2, end);
      pending = pending.subarray(end);
      void reply(query, answer).then((packet) => packet && socket.write(withLength(packet)));
    }
  });
}

function withLength(packet: Buffer): Buffer {
  return Buffer.concat([uint16(packet.length), packet]);
}

const HEADER = 12;
const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
};
const CODES: Readonly<Record<DnsAnswer['code'], number>> = { NOERROR: 0, NXDOMAIN: 3, REFUSED: 5 };
const RESPONSE = 0x8000;
const AUTHORITATIVE = 0x0400;
const RECURSION_DESIRED = 0x0100;
const IN = 1;
/** The name of the question, by a pointer to where it stands. */
const SAME_NAME = uint16(0xc000 + HEADER);

/** @returns the packet to send back, or undefined where there was no question in the one that came */
async function reply(query: Buffer, answer: Answer): Promise<Buffer | undefined> {
  const asked = questionOf(query);
  if (asked === undefined) return undefined;
  const { code, addresses, ttl, zone } = await answer(asked.question);
  const authority =
    addresses.length > 0 || code === 'REFUSED' ? [] : [record(nameOf(zone), 6, ttl, soa(zone, ttl))];
  const flags = RESPONSE | AUTHORITATIVE | (query.readUInt16BE(2) & RECURSION_DESIRED) | CODES[code];
  return Buffer.concat([
    query.subarray(0, 2),
    ...[flags, 1, addresses.length, authority.length, 0].map(uint16),
    query.subarray(HEADER, asked.end),
    ...addresses.map((address) => record(SAME_NAME, 1, ttl, Buffer.from(address.split('.').map(Number)))),
    ...authority,
  ]);
}

function questionOf(query: Buffer): { question: DnsQuestion; end: number } | undefined {
  if (query.length < HEADER || (query.readUInt16BE(2) & RESPONSE) !== 0 || query.readUInt16BE(4) !== 1)
    return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = query[at];
    if (length === undefined || length > 63) return undefined;
    at += 1 + length;
    if (length === 0) break;
    labels.push(query.toString('latin1', at - length, at).toLowerCase());
  }
  if (at + 4 > query.length) return undefined;
  const type = query.readUInt16BE(at);
  return { question: { name: labels.join('.'), type: TYPES[type] ?? `TYPE${type}` }, end: at + 4 };
}

function record(name: Buffer, type: number, ttl: number, data: Buffer): Buffer {
  return Buffer.concat([name, uint16(type), uint16(IN), uint32(ttl), uint16(data.length), data]);
}

/** The last number says how long the absence of a record may be remembered. */
function soa(zone: string, ttl: number): Buffer {
  return Buffer.concat([
    nameOf(`ns.${zone}`),
    nameOf(`hostmaster.${zone}`),
    ...[1, 7200, 1800, 86_400, ttl].map(uint32),
  ]);
}

function nameOf(name: string): Buffer {
  return Buffer.concat([
    ...name
      .split('.')
      .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
