import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findProgram } from '../../helpers/processes.ts';
import { MEGABYTE, fakeApi, startFake } from '../../unit/cluster/wire/fake-cluster.ts';
import type { FakeCluster } from '../../unit/cluster/wire/fake-cluster.ts';

/** Real clients against the wire server: what they do is the only specification of the streaming protocols. */
const CLIENTS = ['kubectl', 'kubectl.1.32', 'kubectl.1.33', 'kubectl-1.36'];

function findClient(name: string): string | undefined {
  const program = findProgram(name);
  if (program !== undefined) return program;
  // Versions that lie beside a dispatching kubectl without being on the path.
  const dispatcher = findProgram('kubectl');
  const beside = dispatcher === undefined ? undefined : join(dirname(realpathSync(dispatcher)), name);
  return beside !== undefined && isExecutable(beside) ? beside : undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const seen: string[] = [];
let cluster: FakeCluster;
let folder: string;

beforeAll(async () => {
  cluster = await startFake(fakeApi(seen));
  folder = mkdtempSync(join(tmpdir(), 'wire-'));
  writeFileSync(join(folder, 'kubeconfig'), cluster.kubeconfig);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

for (const client of CLIENTS) {
  const program = findClient(client);
  const title = program === undefined ? `${client} (skipped: not on this machine)` : client;
  (program === undefined ? describe.skip : describe)(title, () => {
    const environment = (webSockets: boolean): NodeJS.ProcessEnv => ({
      PATH: process.env['PATH'],
      HOME: folder,
      KUBECONFIG: join(folder, 'kubeconfig'),
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(webSockets),
      KUBECTL_PORT_FORWARD_WEBSOCKETS: String(webSockets),
    });
    const run = (args: string[], options: { stdin?: string; webSockets?: boolean } = {}): Promise<Ended> =>
      new Promise((resolve) => {
        const env = environment(options.webSockets ?? true);
        const child = execFile(program ?? '', args, { env, timeout: 30_000 }, (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
        });
        child.stdin?.end(options.stdin ?? '');
      });

    /** WebSockets begin with GET, SPDY with POST: tells whether kubectl has fallen back. */
    const upgradeOf = (subresource: string): string | undefined =>
      cluster.requests.findLast(({ path }) => path.endsWith(`/${subresource}`))?.method;

    test('get --raw', async () => {
      const result = await run(['get', '--raw', '/version']);
      expect(JSON.parse(result.stdout)).toEqual({ major: '1', minor: '36', gitVersion: 'v1.36.3' });
      expect(cluster.requests.at(-1)?.certificate?.organizations).toEqual(['kubeadm:cluster-admins']);
      const refused = await run(['get', '--raw', '/nowhere']);
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('/nowhere not found') });
    });

    describe.each([true, false])('with WebSockets: %s', (webSockets) => {
      const exec = (args: string[], stdin?: string): Promise<Ended> =>
        run(['exec', ...args], { webSockets, ...(stdin === undefined ? {} : { stdin }) });

      test('exec brings output, errors and the exit code', async () => {
        expect(await exec(['web', '--', 'echo', 'a', 'b'])).toEqual({ code: 0, stdout: 'a b\n', stderr: '' });
        expect(upgradeOf('exec')).toBe(webSockets ? 'GET' : 'POST');
        const failed = await exec(['web', '--', 'exit', '3']);
        expect(failed.code).toBe(3);
        expect(failed.stderr).toBe('going down\ncommand terminated with exit code 3\n');
      });

      test('exec -i brings standard input and its end', async () => {
        const text = 'line\n'.repeat(40_000);
        const result = await exec(['-i', 'web', '--', 'cat'], text);
        expect({ code: result.code, same: result.stdout === text }).toEqual({ code: 0, same: true });
      });

      test('exec shows why a command cannot be started, and why the API refuses', async () => {
        const broken = await exec(['web', '--', 'nope']);
        expect(broken.code).toBe(1);
        expect(broken.stderr).toContain(
          'Internal error occurred: error executing command in container: failed to exec in container: exec: "nope": not found',
        );
        const refused = await exec(['web', '-c', 'missing', '--', 'echo']);
        expect(refused).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('container missing is not valid'),
        });
      });

      const port = async (
        remote: number,
      ): Promise<{ local: number; child: ChildProcess; errors: () => string }> => {
        const args = ['port-forward', '--address', '127.0.0.1', 'pod/web', `:${remote}`];
        const child = spawn(program ?? '', args, { env: environment(webSockets) });
        let errors = '';
        child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
        const local = await new Promise<number>((resolve, reject) => {
          child.stdout.on('data', (chunk: Buffer) => {
            const found = /127\.0\.0\.1:(\d+) ->/.exec(chunk.toString());
            if (found) resolve(Number(found[1]));
          });
          child.on('exit', () => reject(new Error(errors)));
        });
        return { local, child, errors: () => errors };
      };
      /** Sends bytes and reads until `enough` bytes have come or the other side ends. */
      const exchange = (local: number, bytes: Buffer, enough: number): Promise<Buffer> =>
        new Promise((resolve, reject) => {
          const chunks: Buffer[] = [];
          let size = 0;
          const socket = connect(local, '127.0.0.1', () => socket.write(bytes));
          socket.on('data', (chunk) => {
            chunks.push(chunk);
            size += chunk.length;
            if (size >= enough) socket.end();
          });
          socket.on('close', () => resolve(Buffer.concat(chunks)));
          socket.on('error', reject);
        });

      test('port-forward carries 5 MiB down, 5 MiB up, and several connections', async () => {
        const down = await port(80);
        expect(upgradeOf('portforward')).toBe(webSockets ? 'GET' : 'POST');
        const body = await exchange(down.local, Buffer.from('GET / HTTP/1.1\r\n\r\n'), Infinity);
        expect(body.length).toBeGreaterThan(5 * MEGABYTE);
        const again = await Promise.all(
          [1, 2, 3].map(() => exchange(down.local, Buffer.from('x'), Infinity)),
        );
        expect(again.map((one) => one.length)).toEqual([body.length, body.length, body.length]);
        down.child.kill();
        const up = await port(9);
        const answer = await exchange(up.local, Buffer.alloc(5 * MEGABYTE), 8);
        expect(answer.toString()).toBe(`${5 * MEGABYTE}\n`);
        up.child.kill();
      });

      test('port-forward shows a refused connection in the words of the runtime', async () => {
        const refused = await port(81);
        const ended = new Promise((resolve) => refused.child.on('exit', resolve));
        await exchange(refused.local, Buffer.from('x'), 1).catch(() => undefined);
        await ended;
        expect(refused.errors()).toContain('an error occurred forwarding');
        expect(refused.errors()).toContain('dial tcp4 127.0.0.1:81: connect: connection refused');
      });
    });

    test('exec -it resizes the terminal', async () => {
      const result = await new Promise<string>((resolve) => {
        const command = `stty cols 100 rows 30; ${program ?? ''} exec -it web -- sizes`;
        const child = execFile('script', ['-qec', command, '/dev/null'], {
          env: { ...environment(true), SHELL: '/bin/sh', TERM: 'xterm' },
          timeout: 20_000,
        });
        let output = '';
        child.stdout?.on('data', (chunk: string) => (output += chunk));
        child.on('close', () => resolve(output));
      });
      expect(result).toContain('100x30');
    });
  });
}
