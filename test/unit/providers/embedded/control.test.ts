import { mkdtempSync, rmSync } from 'node:fs';
import { type Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { askControl, type ControlMethods, serveControl } from '../../../../src/providers/embedded/control.ts';

let folder: string;
let server: Server;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakfix-control-'));
  const hanging = { sync: () => new Promise(() => {}) } as unknown as ControlMethods;
  server = await serveControl(folder, hanging);
  // No time passes: whoever waits has waited long enough as soon as he is heard.
  jest.spyOn(Socket.prototype, 'setTimeout').mockImplementation(function (this: Socket, _ms, expired) {
    return expired === undefined ? this : this.once('connect', expired);
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  server.close();
  rmSync(folder, { recursive: true });
});

test.each([
  [{ provider: 'embedded', lab: 'inc-1' }, 'lab inc-1', 'breakfix reset inc-1', 'breakfix stop inc-1'],
  [
    { provider: 'embedded', lab: 'dev', alone: true },
    'cluster dev',
    'breakfix cluster reset --name dev',
    'breakfix cluster stop --name dev',
  ],
])('a process that hangs is an error of the lab, with a way out: %j', async (ref, subject, reset, stop) => {
  const error = await askControl({ ...ref, folder }, 'sync').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'LAB_UNREACHABLE',
    kind: 'lab',
    message: `the process of ${subject} is there, and has not answered for 20 s`,
    fix: expect.stringMatching(new RegExp(`^${reset} .*, ${stop} `)),
  });
});
