import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import { Host } from '../../../../src/cluster/host/host.ts';
import type { OutsideChange } from '../../../../src/cluster/outside.ts';
import { ClusterUnreachable } from '../../../../src/kube/client.ts';
import { connectKube } from '../../../../src/kube/connect.ts';
import { resources } from '../../../../src/model/resources.ts';
import {
  type ControlMethods,
  NoLabProcess,
  serveControl,
} from '../../../../src/providers/embedded/control.ts';
import { copyOfLab } from '../../../../src/providers/embedded/copy-client.ts';
import { serveCopy } from '../../../../src/providers/embedded/copy-server.ts';
import { createCredentials, type EmbeddedHeader } from '../../../../src/providers/embedded/spec.ts';
import type { Cluster } from '../../../../src/providers/provider.ts';
import { fakeApi } from '../../cluster/wire/fake-cluster.ts';
import { EPOCH, FakeCluster, SECOND } from '../../cluster/support/fake-hosted.ts';
import { eventually } from '../../../helpers/processes.ts';
import { calls, outcome } from '../../support/kube-calls.ts';

const credentials = createCredentials(new Date());
const header = {
  seed: 'test',
  epoch: 0,
  spec: { nodes: [], images: [], registries: [], ca: '' },
} as unknown as EmbeddedHeader;

/** The fake API, which answers at once what these tests ask. */
function syncApi(seen: string[] = []): (request: ApiRequest) => ApiResponse {
  const api = fakeApi(seen);
  return (request) => {
    const answer = api(request);
    if (answer instanceof Promise) throw new Error('only at once');
    return answer;
  };
}

/** Answers as the fake API does, with time that moves. */
class CopiedCluster extends FakeCluster {
  api: (request: ApiRequest) => ApiResponse = syncApi();
  readonly changes: OutsideChange[] = [];

  override handle(request: ApiRequest): ApiResponse {
    return this.api(request);
  }

  override change(change: OutsideChange): void {
    super.change(change);
    this.changes.push(change);
  }
}

let folder: string;
let cluster: CopiedCluster;
let host: Host;
let server: Server;
let served: Socket;
let givenBack: number;
let refused: Error | undefined;
let copy: Cluster;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakfix-copy-'));
  cluster = new CopiedCluster();
  host = new Host(cluster);
  givenBack = 0;
  refused = undefined;
  const copies = {
    take: () => (refused === undefined ? Promise.resolve(host) : Promise.reject(refused)),
    giveBack: (given: Host) => {
      given.close();
      givenBack++;
    },
  };
  server = await serveControl(folder, {} as ControlMethods, (socket, lines) => {
    served = socket;
    return serveCopy(copies, header, credentials, socket, lines);
  });
  copy = await open();
});
afterEach(async () => {
  await copy[Symbol.asyncDispose]();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const open = (): Promise<Cluster> =>
  copyOfLab({ provider: 'embedded', lab: 'inc-1', folder }, header, credentials);

describe('a copy in another process', () => {
  test.each(Object.keys(calls))('answers as over HTTPS: %s', async (name) => {
    const call = calls[name] ?? (() => Promise.reject(new Error(name)));
    await using overHttps = connectKube(copy.kubeconfig);
    expect(await outcome(call(copy.kube))).toEqual(await outcome(call(overHttps)));
  });

  test('waiting moves its time, and only that', async () => {
    expect(copy.clock.now().getTime()).toBe(EPOCH / 1000);
    await copy.clock.wait(2500);
    expect(copy.clock.now().getTime()).toBe(EPOCH / 1000 + 2500);
    expect(host.now).toBe(EPOCH + 2.5 * SECOND);
  });

  test('its time does not run away from those who look side by side', async () => {
    const seen: string[] = [];
    const begun = copy.clock.now().getTime();
    const looks = async (who: string, every: number, times: number): Promise<void> => {
      for (let look = 0; look < times; look++) {
        await copy.kube.version();
        seen.push(`${copy.clock.now().getTime() - begun} ${who}`);
        await copy.clock.wait(every);
      }
    };
    await Promise.all([looks('a', 1500, 3), looks('b', 2000, 2), looks('c', 10_000, 1)]);
    expect(seen).toEqual(['0 a', '0 b', '0 c', '1500 a', '2000 b', '3000 a']);
    expect(host.now).toBe(EPOCH + 10 * SECOND);
  });

  test('who gives up waiting keeps nobody', async () => {
    const given = new AbortController();
    const waits = copy.clock.wait(3_600_000, given.signal);
    given.abort(new Error('enough'));
    await expect(waits).rejects.toThrow('enough');
    await copy.clock.wait(1000);
    expect(host.now).toBe(EPOCH + SECOND);
  });

  test('what a node can do is done to the copy; what is impossible is refused', async () => {
    await copy.can.node?.('worker').removeImage('shop.test/shop:1');
    expect(cluster.changes).toEqual([
      { what: 'remove-image', node: 'worker', reference: 'shop.test/shop:1' },
    ]);
    await expect(copy.can.node?.('none').removeImage('x')).rejects.toThrow('there is no node none');
  });

  test('a command that takes too long is given up, in the copy too', async () => {
    const seen: string[] = [];
    const api = syncApi(seen);
    cluster.api = (request) => {
      seen.push('asked');
      return api(request);
    };
    const given = new AbortController();
    const running = copy.kube.exec('default', 'web', { command: ['forever'], signal: given.signal });
    // Once for what it would be, once to start it.
    await eventually(() => (seen.length === 2 ? true : undefined));
    given.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    await eventually(() => (seen.includes('closed') ? true : undefined));
  });

  test("the end of the lab's process is no answer", async () => {
    const running = copy.kube.exec('default', 'web', { command: ['forever'] });
    await copy.kube.version();
    served.destroy();
    await expect(running).rejects.toThrow(ClusterUnreachable);
    await expect(copy.clock.wait(1000)).rejects.toThrow("the lab's process has ended");
  });

  test('is given back when it is disposed', async () => {
    await copy[Symbol.asyncDispose]();
    await eventually(() => (givenBack === 1 ? true : undefined));
    await expect(copy.kube.get(resources.pods, 'default', 'web')).rejects.toThrow(ClusterUnreachable);
  });

  test('what cannot be copied says why', async () => {
    refused = new Error('the replay went astray');
    await expect(open()).rejects.toThrow('the replay went astray');
  });

  test('where no process serves the lab, that is told', async () => {
    const nobody = { provider: 'embedded', lab: 'inc-1', folder: join(folder, 'nobody') };
    await expect(copyOfLab(nobody, header, credentials)).rejects.toThrow(NoLabProcess);
    expect(existsSync(nobody.folder)).toBe(false);
  });
});
