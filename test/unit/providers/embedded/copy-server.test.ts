import { Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { Host } from '../../../../src/cluster/host/host.ts';
import { serveCopy } from '../../../../src/providers/embedded/copy-server.ts';
import { createCredentials, type EmbeddedHeader } from '../../../../src/providers/embedded/spec.ts';
import { FakeCluster } from '../../cluster/support/fake-hosted.ts';

test('a copy whose server does not start is given back', async () => {
  const credentials = { ...createCredentials(new Date()), server: { certificate: 'none', key: 'none' } };
  const header = { seed: 'test', epoch: 0 } as EmbeddedHeader;
  const copy = new Host(new FakeCluster());
  const givenBack: Host[] = [];
  const copies = { take: () => Promise.resolve(copy), giveBack: (given: Host) => void givenBack.push(given) };
  const lines = createInterface({ input: new PassThrough() });
  await expect(serveCopy(copies, header, credentials, new Socket(), lines)).rejects.toThrow();
  expect(givenBack).toEqual([copy]);
});
