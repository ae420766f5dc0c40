import { Resolver } from 'node:dns/promises';
import { connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DnsQuestion, Listener } from '../../workload/src/host.ts';
import { listenDns } from '../../workload/src/node/dns-server.ts';

/** The shop's DNS server, asked by another implementation: c-ares. */
describe('the DNS server of the image', () => {
  const asked: DnsQuestion[] = [];
  const resolver = new Resolver({ tries: 1 });
  let port = 0;
  let server: Listener | undefined;

  beforeAll(async () => {
    port = await freePort();
    server = await listenDns(port, (question) => {
      asked.push(question);
      const { name, type } = question;
      const answer = { addresses: [], ttl: 60, zone: 'bank.test' };
      if (!name.endsWith('bank.test')) return Promise.resolve({ ...answer, code: 'REFUSED' });
      if (name.startsWith('missing')) return Promise.resolve({ ...answer, code: 'NXDOMAIN' });
      const addresses = type === 'A' ? ['198.51.100.7', '198.51.100.255'] : [];
      return Promise.resolve({ ...answer, code: 'NOERROR', addresses });
    });
    resolver.setServers([`127.0.0.1:${port}`]);
  });
  afterAll(() => server?.close());

  test('gives addresses with their TTL', async () => {
    expect(await resolver.resolve4('FX.bank.test', { ttl: true })).toEqual([
      { address: '198.51.100.7', ttl: 60 },
      { address: '198.51.100.255', ttl: 60 },
    ]);
    expect(asked.at(-1)).toEqual({ name: 'fx.bank.test', type: 'A' });
  });

  test.each([
    ['has no such record', 'fx.bank.test', 'ENODATA'],
    ['knows no such name', 'missing.bank.test', 'ENOTFOUND'],
    ['is not asked for that', 'example.test', 'EREFUSED'],
  ])('%s', async (_what, name, code) => {
    await expect(resolver.resolve6(name)).rejects.toMatchObject({ code });
    expect(asked.at(-1)).toEqual({ name, type: 'AAAA' });
  });

  test('says who is responsible where there is nothing', async () => {
    await expect(resolver.resolveSrv('fx.bank.test')).rejects.toMatchObject({ code: 'ENODATA' });
    expect(asked.at(-1)?.type).toBe('TYPE33');
  });

  test('answers over TCP, also two questions in pieces', async () => {
    const query = question(7, 'fx.bank.test');
    const both = Buffer.concat([query, question(8, 'missing.bank.test')]);
    const answers = await overTcp(port, [both.subarray(0, 5), both.subarray(5)], 2);
    expect(answers.map((answer) => answer.readUInt16BE(0)).sort()).toEqual([7, 8]);
    const [found] = answers.filter((answer) => answer.readUInt16BE(0) === 7);
    // A response, authoritative, no error; one question, two answers.
    expect(found?.subarray(2, 8).toString('hex')).toBe('850000010002');
    expect(found?.subarray(-4).toString('hex')).toBe('c63364ff');
  });

  test.each([
    ['a response', (query: Buffer) => query.writeUInt16BE(0x8100, 4)],
    ['two questions', (query: Buffer) => query.writeUInt16BE(2, 6)],
    ['a name without an end', (query: Buffer) => query.writeUInt8(60, 14)],
    ['a name that points elsewhere', (query: Buffer) => query.writeUInt8(0xc0, 14)],
  ])('drops %s', async (_what, spoil) => {
    const spoilt = question(1, 'fx.bank.test');
    spoil(spoilt);
    const [answer] = await overTcp(port, [spoilt, question(2, 'fx.bank.test')], 1);
    expect(answer?.readUInt16BE(0)).toBe(2);
  });
});

/** A query for an A record with its length in front. */
function question(id: number, name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  const packet = Buffer.concat([
    Buffer.from([0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1]),
  ]);
  return Buffer.concat([Buffer.from([0, packet.length]), packet]);
}

/** Sends pieces, and waits for so many messages. */
function overTcp(port: number, pieces: readonly Buffer[], count: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setNoDelay(true);
    socket.on('error', reject);
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const messages: Buffer[] = [];
      for (let at = 0; at + 2 <= received.length; at += 2 + received.readUInt16BE(at)) {
        const end = at + 2 + received.readUInt16BE(at);
        if (end <= received.length) messages.push(received.subarray(at + 2, end));
      }
      if (messages.length < count) return;
      socket.destroy();
      resolve(messages);
    });
  });
}

/** A port that is free for UDP and TCP, most likely. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
