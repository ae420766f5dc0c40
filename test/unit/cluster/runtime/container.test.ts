import { describe, expect, test } from '@jest/globals';
import type { Program } from '../../../../src/cluster/runtime/types.ts';
import { SECOND } from '../../../../src/cluster/simulation/simulation.ts';
import { cat, imageOf, Lab, sleeper } from './lab.ts';

const CREATE_FAILED =
  'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';

describe('a container', () => {
  test('runs its program, logs what it writes, and ends with its exit code', async () => {
    const lab = new Lab();
    const { exit } = await lab.run(
      async (context) => {
        context.stdout.write(`${context.args.join(' ')} in ${context.cwd} as ${context.user.uid}\n`);
        await context.clock.sleep(1500);
        context.stdout.write(`${context.env['A']} ${context.env['HOME']} ${context.env['HOSTNAME']}\n`);
        return 3;
      },
      { args: ['--fast'], env: { A: 'b' }, workingDir: '/srv/data' },
    );
    expect(exit).toEqual({ code: 3, oomKilled: false });
    expect(lab.log).toBe('/app --fast in /srv/data as 0\nb /root web-0\n');
  });

  test('takes command and args as Kubernetes defines them', async () => {
    const lab = new Lab();
    const echo: Program = (context) => {
      context.stdout.write(`${context.args.join(' ')}\n`);
      return Promise.resolve(0);
    };
    const image = imageOf({ '/bin/echo': echo }, [], { entrypoint: ['echo', 'image'], cmd: ['default'] });
    lab.start({ image });
    lab.start({ image, args: ['x'] });
    lab.start({ image, command: ['/bin/echo'] });
    lab.start({ image, command: ['echo', 'pod'], args: ['y'] });
    await lab.advance(1);
    expect(lab.log).toBe('echo image default\necho image x\n/bin/echo\necho pod y\n');
    const bare = imageOf({}, [], { entrypoint: [] });
    expect(() => lab.create({ image: bare })).toThrow(/spec: failed to generate spec: no command specified$/);
  });

  test.each([
    [['foo'], 'exec: "foo": executable file not found in $PATH'],
    [[''], 'exec: "": executable file not found in $PATH'],
    [['/app/server'], 'exec: "/app/server": stat /app/server: no such file or directory'],
    [['./server'], 'exec: "./server": stat ./server: no such file or directory'],
    [['/etc/passwd'], 'exec: "/etc/passwd": permission denied'],
    [['/etc'], 'exec: "/etc": is a directory'],
  ])('does not start %j, in the words of runc', (command, words) => {
    const lab = new Lab();
    const container = lab.create({ image: imageOf({ '/bin/sleep': sleeper }), command });
    expect(() => container.start(() => {})).toThrow(`${CREATE_FAILED}${words}`);
  });

  test('ends with 255 where the kernel refuses the file', async () => {
    const lab = new Lab();
    const image = imageOf({ '/bin/sleep': sleeper }, [
      { path: '/run.sh', content: '#!/nosuch/interp\necho x\n', mode: 0o755 },
      { path: '/text', content: 'hello\n', mode: 0o755 },
    ]);
    const first = lab.start({ image, command: ['/run.sh'] });
    const second = lab.start({ image, command: ['/text'] });
    await lab.advance(1);
    expect(lab.log).toBe('exec /run.sh: no such file or directory\nexec /text: exec format error\n');
    expect([first.exit?.code, second.exit?.code]).toEqual([255, 255]);
  });

  test('ends with 255 where arguments and environment are too long for the kernel', async () => {
    const lab = new Lab();
    const image = imageOf({ '/bin/sleep': sleeper });
    const long = 'x'.repeat(128 * 1024);
    const first = lab.start({ image, command: ['sleep', long] });
    const second = lab.start({ image, command: ['sleep'], env: { LONG: long } });
    const many = lab.start({
      image,
      command: ['sleep', ...Array.from({ length: 40 }, () => long.slice(0, 60_000))],
    });
    const fits = lab.start({ image, command: ['sleep', long.slice(1)] });
    await lab.advance(1);
    expect(lab.log).toBe('exec /bin/sleep: argument list too long\n'.repeat(3));
    expect([first, second, many, fits].map(({ exit }) => exit?.code)).toEqual([255, 255, 255, undefined]);
  });

  test('runs a script by its interpreter', async () => {
    const lab = new Lab();
    const shell: Program = (context) => {
      context.stdout.write(context.args.join(' '));
      return Promise.resolve(0);
    };
    const image = imageOf({ '/bin/sh': shell }, [
      { path: '/run.sh', content: '#!/bin/sh -e\n', mode: 0o755 },
    ]);
    lab.start({ image, command: ['/run.sh', 'now'] });
    await lab.advance(1);
    expect(lab.log).toBe('/bin/sh -e /run.sh now');
  });

  test('refuses a memory limit that runc itself does not fit in', () => {
    const lab = new Lab();
    const container = lab.create({ image: imageOf({ '/app': sleeper }), limits: { memory: 512 * 1024 } });
    expect(() => container.start(() => {})).toThrow(
      /container init was OOM-killed \(memory limit too low\?\)$/,
    );
  });

  test('an exception that nobody catches is its text on standard error and exit code 1', async () => {
    const lab = new Lab();
    const streams: string[] = [];
    const { exit } = await lab.run(
      async (context) => {
        await context.clock.sleep(1);
        throw new TypeError('x is not a function');
      },
      { log: (stream, bytes) => streams.push(stream, new TextDecoder().decode(bytes)) },
    );
    expect(exit?.code).toBe(1);
    expect(streams).toEqual(['stderr', 'TypeError: x is not a function\n']);
  });
});

describe('signals', () => {
  test('pid 1 ignores SIGTERM without a handler, obeys with one, and cannot escape SIGKILL', async () => {
    const lab = new Lab();
    const deaf = lab.start({ image: imageOf({ '/app': sleeper }) });
    const polite = lab.start({
      image: imageOf({
        '/app': async (context) => {
          const stopped = context.deferred<number>();
          context.onSignal('SIGTERM', () => stopped.resolve(0));
          return stopped.promise;
        },
      }),
    });
    await lab.advance(1);
    deaf.container.kill('SIGTERM');
    polite.container.kill('SIGTERM');
    await lab.advance(1);
    expect(deaf.exit).toBeUndefined();
    expect(polite.exit).toEqual({ code: 0, oomKilled: false });
    deaf.container.kill('SIGKILL');
    expect(deaf.exit).toBeUndefined();
    await lab.advance(0);
    expect(deaf.exit).toEqual({ code: 137, oomKilled: false });
  });

  test('from inside, SIGKILL does not reach pid 1 but ends every other process', async () => {
    const lab = new Lab();
    const { exit } = await lab.run(async ({ processes, stdout }) => {
      const child = processes.fork(sleeper, ['child'], {});
      stdout.write(`${processes.kill(1, 'SIGKILL')} ${processes.kill(99, 'SIGTERM')}\n`);
      processes.kill(child.pid, 'SIGTERM');
      stdout.write(`${await child.exited}\n`);
      return 0;
    });
    expect(exit?.code).toBe(0);
    expect(lab.log).toBe('true false\n143\n');
  });

  test('a killed program leaves nothing behind: no event, no listener, no connection, no promise', async () => {
    const lab = new Lab();
    let settled = 0;
    const waits: Program = async (context) => {
      context.net.listenHttp(8080, () => ({ status: 200, headers: {}, body: '' }));
      context.net.connect(
        { ip: '10.0.0.1', port: 1 },
        { data: () => {}, end: () => {}, error: () => {} },
        { timeoutMs: 5000 },
      );
      context.processes.fork(sleeper, ['child'], {});
      const waiting: Promise<unknown>[] = [
        context.clock.sleep(10_000),
        context.net.http(
          { ip: '10.0.0.1', port: 1 },
          { method: 'GET', path: '/', headers: {}, body: '' },
          { timeoutMs: 9000 },
        ),
        context.net.query({ ip: '10.0.0.1', port: 53 }, 'UDP', { id: 1 } as never, { timeoutMs: 9000 }),
        context.net.ping('10.0.0.1'),
        context.cpu.spend(60 * SECOND),
        context.stdin.read(),
        context.deferred().promise,
      ];
      for (const each of waiting) void each.finally(() => settled++).catch(() => {});
      await Promise.all(waiting);
      return 0;
    };
    const { container } = lab.start({ image: imageOf({ '/app': waits }), stdin: true });
    await lab.advance(1);
    expect(lab.network.listeners.size).toBe(1);
    expect(lab.simulation.nextAt()).toBeDefined();
    container.kill('SIGKILL');
    await lab.advance(0);
    expect(lab.network.listeners.size).toBe(0);
    expect(lab.network.cancelled).toBe(4);
    expect(lab.simulation.nextAt()).toBeUndefined();
    await lab.advance(100);
    expect(settled).toBe(0);
    expect(container.usage().memory).toBe(0);
  });
});

describe('exec', () => {
  const image = imageOf({ '/app': sleeper, '/bin/cat': cat });

  test('runs a command with its own streams, environment and exit code', async () => {
    const lab = new Lab();
    const { container } = lab.start({ image, env: { A: '1' } });
    expect(await lab.exec(container, ['cat'], { stdin: 'hello' })).toEqual({
      stdout: 'hello',
      stderr: '',
      code: 0,
      error: undefined,
    });
    expect(await lab.exec(container, ['cat'])).toMatchObject({ stdout: '', code: 0 });
  });

  test('says in the words of containerd what cannot be run', async () => {
    const lab = new Lab();
    const { container } = lab.start({ image });
    const { error } = await lab.exec(container, ['bash']);
    expect(error).toMatch(
      /^failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: unable to start container process: exec: "bash": executable file not found in \$PATH$/,
    );
  });

  test('dies with the container', async () => {
    const lab = new Lab();
    const { container } = lab.start({ image });
    const result = lab.exec(container, ['/app'], { seconds: 2 });
    lab.simulation.after(SECOND, 'test', () => container.kill('SIGKILL'));
    expect(await result).toMatchObject({ code: 137 });
    expect(await lab.exec(container, ['cat'])).toMatchObject({ code: undefined, error: expect.any(String) });
  });

  test('a client that has gone gets nothing, but its command goes on', async () => {
    const lab = new Lab();
    const { container } = lab.start({
      image: imageOf({
        '/app': sleeper,
        '/bin/late': async (context) => {
          await context.clock.sleep(100);
          context.files.write('/tmp/done', 'yes');
          context.stdout.write('late');
          return 0;
        },
        '/bin/cat': async (context) => {
          context.stdout.write(context.files.read(context.args[1] ?? ''));
          return Promise.resolve(0);
        },
      }),
    });
    let heard = 0;
    const hear = (): void => {
      heard++;
    };
    const input = container.exec(
      ['late'],
      { stdin: false, tty: false },
      { stdout: hear, stderr: hear, exit: hear },
    );
    input.close();
    await lab.advance(1);
    expect(heard).toBe(0);
    expect((await lab.exec(container, ['cat', '/tmp/done'])).stdout).toBe('yes');
  });

  test('with a terminal: one output stream, TERM, size and SIGWINCH', async () => {
    const lab = new Lab();
    const { container } = lab.start({
      image: imageOf({
        '/app': sleeper,
        '/bin/top': async (context) => {
          context.stderr.write(`${context.env['TERM']} ${context.tty?.columns}`);
          const resized = context.deferred<undefined>();
          context.onSignal('SIGWINCH', () => resized.resolve(undefined));
          await resized.promise;
          context.stdout.write(` ${context.tty?.columns}x${context.tty?.rows}`);
          return 0;
        },
      }),
    });
    let text = '';
    const input = container.exec(
      ['top'],
      { stdin: true, tty: true },
      {
        stdout: (bytes) => (text += new TextDecoder().decode(bytes)),
        stderr: () => (text += '!'),
        exit: () => {},
      },
    );
    await lab.advance(1);
    input.resize(120, 40);
    await lab.advance(1);
    expect(text).toBe('xterm 80 120x40');
  });
});

describe('attach', () => {
  test('shows the output of pid 1 and feeds its input', async () => {
    const lab = new Lab();
    const running = lab.start({ image: imageOf({ '/app': cat }), stdin: true, stdinOnce: true });
    let text = '';
    let end: unknown;
    const input = running.container.attach({
      stdout: (bytes) => (text += new TextDecoder().decode(bytes)),
      stderr: () => {},
      exit: (result) => (end = result),
    });
    input.stdin(new TextEncoder().encode('one'));
    await lab.advance(1);
    expect([text, lab.log]).toEqual(['one', 'one']);
    input.stdinEnd();
    await lab.advance(1);
    expect(running.exit?.code).toBe(0);
    expect(end).toEqual({ code: 0 });
  });
});
