import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { InputLogWriter, LOG_VERSION } from '../../../../src/cluster/host/input-log.ts';
import { filesIn, processesOf, writeCredentials } from '../../../../src/providers/embedded/files.ts';
import { runLabProcess } from '../../../../src/providers/embedded/lab-process.ts';
import { createCredentials, namedNodes } from '../../../../src/providers/embedded/spec.ts';

let folder: string;
const winner = createServer();
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakfix-process-'));
  await once(winner.listen(0, '127.0.0.1'), 'listening');
  // What it does about errors of programs is for a process of its own.
  jest.spyOn(process, 'on').mockReturnValue(process);
});
afterEach(() => {
  jest.restoreAllMocks();
  winner.close();
  rmSync(folder, { recursive: true });
});

test('a process that does not get the port leaves the one noted that has it', async () => {
  const credentials = createCredentials(new Date());
  writeCredentials(folder, { ...credentials, port: (winner.address() as AddressInfo).port });
  const header = {
    format: 'breakfix-inputs',
    version: LOG_VERSION,
    breakfix: '0.0.0',
    seed: 'test',
    epoch: 1_767_225_600_000_000,
    spec: {
      nodes: namedNodes('dev', [{ role: 'control-plane' }]),
      images: [],
      registries: [],
      ca: credentials.authority.certificate,
    },
  } as const;
  InputLogWriter.create(filesIn(folder).log, header).close();
  writeFileSync(filesIn(folder).alive, '4194305\n');
  const options = { ready: () => {}, loadWork: () => Promise.reject(new Error('nobody grades')) };
  await expect(runLabProcess(folder, options)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  // Both are to be ended by a stop: this one might have hung before it came to the port.
  expect(processesOf(folder)).toEqual([4_194_305, process.pid]);
});
