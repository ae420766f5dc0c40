import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiRequest, ApiResponse } from '../../../../src/cluster/apiserver/types.ts';
import { Host } from '../../../../src/cluster/host/host.ts';
import type { OutsideChange } from '../../../../src/cluster/outside.ts';
import { BreakfixError } from '../../../../src/core/errors.ts';
import { connectKube } from '../../../../src/kube/connect.ts';
import { askCopy, type ControlMethods, serveControl } from '../../../../src/providers/embedded/control.ts';
import { type CopiedLab, onCopy, type WorkOnCopy } from '../../../../src/providers/embedded/on-copy.ts';
import { createCredentials, type EmbeddedHeader } from '../../../../src/providers/embedded/spec.ts';
import { EPOCH, FakeCluster, SECOND } from '../../cluster/support/fake-hosted.ts';
import { fakeApi } from '../../cluster/wire/fake-cluster.ts';
import { calls, outcome } from '../../support/kube-calls.ts';

const credentials = createCredentials(new Date());
const header = {
  seed: 'test',
  epoch: 0,
  spec: { nodes: [], images: [], registries: [], ca: '' },
} as unknown as EmbeddedHeader;

/** Answers as the fake API does, with time that moves. */
class CopiedCluster extends FakeCluster {
  readonly changes: OutsideChange[] = [];
  readonly #api = fakeApi([]);

  override handle(request: ApiRequest): ApiResponse {
    const answer = this.#api(request);
    if (answer instanceof Promise) throw new Error('only at once');
    return answer;
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
let work: WorkOnCopy;
let givenBack: Host[];
let lab: CopiedLab;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'breakfix-copy-'));
  cluster = new CopiedCluster();
  host = new Host(cluster);
  givenBack = [];
  const copies = { take: () => Promise.resolve(host), giveBack: (copy: Host) => void givenBack.push(copy) };
  lab = { folder, header, credentials, copies };
  const methods: Partial<ControlMethods> = {
    onCopy: (question, signal) => onCopy(lab, (copy) => work(copy, question, signal)),
  };
  server = await serveControl(folder, methods as ControlMethods);
});
afterEach(async () => {
  host.close();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

const ask = (question: unknown, signal = new AbortController().signal): Promise<unknown> =>
  askCopy({ provider: 'embedded', lab: 'inc-1', folder }, question, signal);

describe('work on a copy', () => {
  test('is told the question and says what came of it, as plain data', async () => {
    work = ({ ref }, question) => Promise.resolve({ question, of: ref.folder, absent: undefined });
    expect(await ask({ work: 'x' })).toEqual({ question: { work: 'x' }, of: folder });
    expect(givenBack).toEqual([host]);
  });

  test('asks the copy as it would over HTTPS', async () => {
    work = async (copy) => {
      await using overHttps = connectKube(copy.kubeconfig);
      const answers: unknown[] = [];
      for (const call of Object.values(calls))
        answers.push([await outcome(call(copy.kube)), await outcome(call(overHttps))]);
      return answers;
    };
    const answers = (await ask({})) as [unknown, unknown][];
    expect(answers).toHaveLength(Object.keys(calls).length);
    expect(answers.map(([here]) => here)).toEqual(answers.map(([, overHttps]) => overHttps));
  });

  test('moves its time by waiting, and no further', async () => {
    work = async ({ clock }) => {
      const begun = clock.now().getTime();
      await Promise.all([clock.wait(2500), clock.wait(1000)]);
      return [begun, clock.now().getTime()];
    };
    expect(await ask({})).toEqual([EPOCH / 1000, EPOCH / 1000 + 2500]);
    expect(host.now).toBe(EPOCH + 2.5 * SECOND);
  });

  test('does to its nodes what a node can do; what is impossible is refused', async () => {
    work = async ({ can }) => {
      await can.node?.('worker').removeImage('shop.test/shop:1');
      return can.node?.('none').removeImage('x');
    };
    await expect(ask({})).rejects.toThrow('there is no node none');
    expect(cluster.changes).toEqual([
      { what: 'remove-image', node: 'worker', reference: 'shop.test/shop:1' },
    ]);
  });

  test('throws here what it throws there, with code, kind and fix', async () => {
    const error = {
      code: 'SCENARIO_UNKNOWN',
      kind: 'user',
      message: 'no such scenario',
      fix: 'take another',
    } as const;
    work = () => Promise.reject(new BreakfixError(error));
    const thrown = await ask({}).catch((reason: unknown) => reason);
    expect(thrown).toBeInstanceOf(BreakfixError);
    expect(thrown).toMatchObject(error);
    expect(givenBack).toEqual([host]);
  });

  test('is given up, there too, when nobody waits for it any more', async () => {
    const begun = Promise.withResolvers<undefined>();
    const over = Promise.withResolvers<unknown>();
    work = async (_copy, _question, signal) => {
      begun.resolve(undefined);
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      over.resolve('given up');
    };
    const enough = new AbortController();
    const asked = ask({}, enough.signal);
    await begun.promise;
    enough.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    expect(await over.promise).toBe('given up');
    await expect(ask({}, enough.signal)).rejects.toThrow('enough');
  });

  test("the end of the lab's process is no answer", async () => {
    const begun = Promise.withResolvers<undefined>();
    const never = Promise.withResolvers<undefined>();
    work = () => {
      begun.resolve(undefined);
      return never.promise;
    };
    server.once('connection', (socket) => void begun.promise.then(() => socket.destroy()));
    await expect(ask({})).rejects.toMatchObject({
      code: 'LAB_UNREACHABLE',
      kind: 'lab',
      message: 'the process of lab inc-1 has ended while it was looked at',
    });
    never.resolve(undefined);
  });

  test('a copy whose server does not start is given back', async () => {
    lab = { ...lab, credentials: { ...credentials, server: { certificate: 'none', key: 'none' } } };
    work = () => Promise.resolve('never');
    await expect(ask({})).rejects.toThrow();
    expect(givenBack).toEqual([host]);
  });
});
